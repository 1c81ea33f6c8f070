# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts of this folder share. Sourced, not run.
# shellcheck disable=SC2034 # who sources this uses the variables

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${ISLE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/isle}
kernels=(stock 6.12 uml 7.2-debug)
me=$(basename "$0")

say() { printf '%s: %s\n' "$me" "$*" >&2; }

die() {
	say "$*"
	exit 1
}

# The block of comments at the head of the calling script is its --help.
usage() { awk 'NR < 3 { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$0"; }

need_value() { [ $# -ge 2 ] || die "$1 wants a value (see $me --help)"; }

known_kernel() {
	local k
	for k in "${kernels[@]}"; do
		[ "$k" != "$1" ] || return 0
	done
	die "no kernel '$1'; there are: ${kernels[*]}"
}

# have_programs NAME...: those that are missing are named in one error
have_programs() {
	local program missing=()
	for program; do
		command -v "$program" >/dev/null || missing+=("$program")
	done
	[ ${#missing[@]} -eq 0 ] ||
		die "missing: ${missing[*]}; scripts/setup installs what isle needs"
}

# Returns when there are fewer jobs of this shell than CPUs. It looks when one ends: to look
# again and again, in processes of its own, would take a tenth of a CPU.
wait_for_cpu() {
	local running
	while :; do
		mapfile -t running < <(jobs -rp)
		[ ${#running[@]} -ge "$(nproc)" ] || return 0
		wait -n || true
	done
}

# Tells ccache, if there is one, where the cache is.
use_ccache() {
	command -v ccache >/dev/null || return
	export CCACHE_DIR=$cache/ccache CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=1G
}

# A fifth of a compiler's time goes into 4 KB pages, on a machine that gives huge ones
# to those only who ask. What is from malloc() glibc asks for, when told to.
use_huge_pages() {
	local library
	grep -qsF '[madvise]' /sys/kernel/mm/transparent_hugepage/enabled || return 0
	library=$cache/hugepages-$(cksum <"$repo/scripts/hugepages.c" | cut -d' ' -f1).so
	if [ ! -e "$library" ]; then
		gcc -O2 -shared -fPIC -o "$library.$$" "$repo/scripts/hugepages.c"
		mv "$library.$$" "$library"
	fi
	export LD_PRELOAD=$library GLIBC_TUNABLES=glibc.malloc.hugetlb=1
}

os_codename() (
	# shellcheck disable=SC1091
	. /etc/os-release
	[ "${ID:-}" = debian ] || exit 0
	printf '%s\n' "${VERSION_CODENAME:-}"
)

# The machine's own Debian mirror for SUITE, as apt itself reads its sources.
apt_mirror() {
	local suite=$1
	apt-get update --print-uris 2>/dev/null |
		sed -n "s|^'\(.*\)/dists/$suite/InRelease' .*|\1|p" |
		awk '/\/debian(-security)?$/ { print; found = 1; exit }
		     { other = other ? other : $0 }
		     END { if (!found && other) print other }'
}

apt_sources() {
	local suite mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg option=
	local own
	own=$(os_codename)
	[ ! -r "$keyring" ] || option="[signed-by=$keyring] "
	for suite; do
		case $suite in
		"$own" | "$own-updates" | "$own-security") mirror=$(apt_mirror "$suite") ;;
		*) mirror=$(apt_mirror "$own") ;;
		esac
		[ -n "$mirror" ] || continue
		printf 'deb %s%s %s main\n' "$option" "$mirror" "$suite"
	done
}

# apt_private COMMAND ARGS...: apt with lists and sources of its own under
# $apt_state, so that nothing of the machine's configuration changes
apt_private() {
	local tool=$1
	shift
	"$tool" -o Dir::State="$apt_state/state" -o Dir::Cache="$apt_state/cache" \
		-o Dir::Etc::sourcelist="$apt_state/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o APT::Sandbox::User="$(id -un)" "$@"
}

# apt_use SUITE...: the suites that apt_private and fetch_deb see from now on
apt_use() {
	apt_state=$cache/apt/$(printf '%s+' "$@")
	mkdir -p "$apt_state"/state/lists/partial "$apt_state"/cache/archives/partial
	apt_sources "$@" >"$apt_state/sources.list"
	[ -s "$apt_state/sources.list" ] ||
		die "no Debian mirror in this machine's apt configuration (wanted: $*)"
	apt_private apt-get update -qq >&2 || die "cannot read the package lists of: $*"
}

# The version that apt_use's suites offer of PACKAGE, nothing if they have none.
apt_version() {
	apt_private apt-cache show --no-all-versions "$1" 2>/dev/null |
		awk '$1 == "Version:" { print $2; exit }'
}

# fetch_deb PACKAGE FOLDER: downloads the .deb, prints its path
fetch_deb() {
	local package=$1 folder=$2
	mkdir -p "$folder"
	(cd "$folder" && apt_private apt-get download -qq "$package" >&2) ||
		die "cannot download $package"
	find "$folder" -maxdepth 1 -name "${package}_*.deb" -print -quit
}

# clean_files NAME < WHAT: the folder in which NAME remembers the files that it has
# nothing to say about, while WHAT, all that counts besides them, stays the same
clean_files() {
	local folder
	folder=$cache/$1/$(sha256sum | cut -c1-12)
	mkdir -p "$folder"
	find "$cache/$1" -type f -mtime +30 -delete
	printf '%s\n' "$folder"
}
