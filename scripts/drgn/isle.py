# SPDX-License-Identifier: GPL-2.0
"""isle in a debugger: zones, free lists and frames, of a live kernel or a core.

usage: drgn -q [-c CORE] --no-default-symbols -s isle.ko [-s vmlinux] scripts/drgn/isle.py COMMAND

    zones       each zone: its memory, what of it is free, its watermarks
    lists       the free lists, walked link by link and compared with their counts
    frame PFN   what isle knows of a page frame: its block, and who has or had it

isle.ko is the file that was loaded, with its debug information. vmlinux, with
its own, is needed for a core only, and for the stacks that debug=1 keeps. From
drgn's prompt: exec(open("scripts/drgn/isle.py").read()), then the functions below,
each of which returns what the commands print.
"""

import sys

from drgn import Object, ProgramFlags

NO_FRAME = 0xFFFFFFFF
TOP_ORDER = 10
STATES = ("hole", "tail", "free", "pcp", "allocated", "quarantine")
TYPES = ("Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate")
ZONES = ("DMA32", "Normal", "Movable")
FLAGS = ("exposed", "user", "compound", "movable")


def kernel_symbols():
    """What the live kernel's own list has: address, kind, name."""
    with open("/proc/kallsyms", encoding="ascii", errors="replace") as symbols:
        for line in symbols:
            address, kind, name = line.split()[:3]
            yield int(address, 16), kind, name


def isle_instance():
    """The instance that the module was loaded with: struct isle *."""
    try:
        if prog.flags & ProgramFlags.IS_LIVE:
            # Where a module was loaded drgn can tell with vmlinux only.
            address = next((a for a, _, name in kernel_symbols() if name == "isle_loaded"), 0)
            instance = Object(prog, "struct isle *", address=address) if address else None
        else:
            instance = prog["isle_loaded"]
    except LookupError:
        sys.exit("isle.py: drgn knows no isle; give it isle.ko with its debug information (-s)")
    if not instance:
        sys.exit("isle.py: isle is not loaded, or /proc/kallsyms shows no addresses: be root")
    return instance


def isle_zones():
    """All zones, by node and type: struct isle_zone *."""
    isle = isle_instance()
    return [isle.zones[i] for i in range(isle.nr_zones)]


def zone_name(zone):
    return f"Node {zone.nid.value_()}, zone {ZONES[zone.type]}"


def isle_free_list(zone, order, migratetype):
    """The ids of a free list's blocks, in its order; the length is not trusted."""
    frames = zone.isle.frames
    at, before, seen = zone.free_area[order].list[migratetype].first.value_(), NO_FRAME, set()
    while at != NO_FRAME:
        if at in seen:
            raise ValueError(f"frame {at} is on the list twice")
        frame = frames[at]
        if STATES[frame.state] != "free" or frame.order != order:
            raise ValueError(f"frame {at} is {STATES[frame.state]}, order {frame.order.value_()}")
        if frame.prev != before:
            raise ValueError(f"frame {at} does not lead back to {before:#x}")
        seen.add(at)
        yield at
        before, at = at, frame.next.value_()


def pfn_to_id(pfn):
    """The frame id of a pfn, None if it is not isle's."""
    isle = isle_instance()
    for i in range(isle.nr_extents):
        extent = isle.extents[i]
        if 0 <= pfn - extent.base_pfn.value_() < extent.nr.value_():
            return extent.first_id.value_() + pfn - extent.base_pfn.value_()
    return None


def block_head(frame_id):
    """The id of the first frame of the block that a frame is in."""
    frames = isle_instance().frames
    if STATES[frames[frame_id].state] != "tail":
        return frame_id
    for order in range(1, TOP_ORDER + 1):
        head = frame_id & ~((1 << order) - 1)
        if STATES[frames[head].state] not in ("hole", "tail") and frames[head].order >= order:
            return head
    return frame_id


def code(address):
    """What code an address is: by drgn's symbols, or the live kernel's own list."""
    try:
        symbol = prog.symbol(address)
        return f"{symbol.name}+{address - symbol.address:#x}"
    except LookupError:
        pass
    best = (0, None)
    if prog.flags & ProgramFlags.IS_LIVE:
        for start, kind, name in kernel_symbols():
            if kind in "tT" and best[0] < start <= address:
                best = (start, name)
    return f"{best[1]}+{address - best[0]:#x}" if best[1] else f"{address:#x}"


def stack(handle):
    """The lines of a stack that debug=1 kept."""
    if not handle:
        return ["unknown"]
    try:
        from drgn.helpers.linux.stackdepot import stack_depot_fetch

        return [str(frame) for frame in stack_depot_fetch(handle)]
    except (ImportError, LookupError):
        return [f"stack {handle.value_():#x}: needs vmlinux (-s), and drgn 0.0.26 or newer"]


def show_zones():
    for zone in isle_zones():
        print(zone_name(zone))
        for field in ("present", "managed", "nr_free", "nr_isolated", "nr_highatomic", "user_max"):
            print(f"  {field:14} {zone.member_(field).value_()}")
        print(f"  {'nr_user':14} {zone.nr_user.counter.value_()}")
        marks = " ".join(str(zone.watermark[i].value_()) for i in range(3))
        print(f"  {'min low high':14} {marks} boost {zone.watermark_boost.value_()}")


def show_lists():
    """Returns how many lists are not what their counts say."""
    wrong = 0
    for zone in isle_zones():
        print(zone_name(zone))
        for mt, name in enumerate(TYPES):
            counts = []
            for order in range(TOP_ORDER + 1):
                said = zone.free_area[order].list[mt].nr.value_()
                try:
                    found = sum(1 for _ in isle_free_list(zone, order, mt))
                except ValueError as error:
                    print(f"  order {order}, {name}: {error}")
                    found = -1
                if found != said:
                    print(f"  order {order}, {name}: {found} blocks, the count is {said}")
                    wrong += 1
                counts.append(f"{found:6}")
            print(f"  {name:12}{''.join(counts)}")
    return wrong


def show_frame(pfn):
    isle = isle_instance()
    frame_id = pfn_to_id(pfn)
    if frame_id is None:
        sys.exit(f"isle.py: pfn {pfn:#x} is not isle's")
    head = block_head(frame_id)
    frame = isle.frames[head]
    state = STATES[frame.state]
    print(f"pfn {pfn:#x}: frame {frame_id}, of the block of order {frame.order.value_()} at {pfn - frame_id + head:#x}")
    print(f"  state     {state}, in {zone_name(isle.zones[frame.zone])}, pageblock {TYPES[isle.pageblocks[head >> 9]]}")
    if state in ("allocated", "quarantine"):
        flags = [name for bit, name in enumerate(FLAGS) if frame.flags & (1 << bit)]
        print(f"  held      {frame.ref.counter.value_()} references, flags: {' '.join(flags) or 'none'}")
        owner = frame.owner.value_()
        if "user" in flags:
            print(f"  owner     {owner:#x}, at offset {frame.offset.value_()}")
        elif owner:
            print(f"  taken by  {code(owner)}")
    if state == "free":
        ends = {NO_FRAME: "none"}
        after, before = frame.next.value_(), frame.prev.value_()
        print(f"  list      next {ends.get(after, after)}, before {ends.get(before, before)}")
    if isle.debug:
        for what, handles in (("allocated", isle.debug.alloc_stack), ("freed", isle.debug.free_stack)):
            print(f"  last {what} by")
            for line in stack(handles[head]):
                print(f"    {line}")


def main(words):
    if words == ["zones"]:
        show_zones()
    elif words == ["lists"]:
        sys.exit(1 if show_lists() else 0)
    elif len(words) == 2 and words[0] == "frame":
        try:
            pfn = int(words[1], 0)
        except ValueError:
            sys.exit(f"isle.py: '{words[1]}' is no pfn")
        show_frame(pfn)
    else:
        sys.exit(__doc__)


if __name__ == "__main__" and sys.argv[0].endswith("isle.py"):
    main(sys.argv[1:])
