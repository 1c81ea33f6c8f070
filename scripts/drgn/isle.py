# SPDX-License-Identifier: GPL-2.0
"""isle in a debugger: zones, free lists and frames, of a live kernel or a core.

usage: drgn -q [-c CORE] --no-default-symbols -s isle.ko [-s vmlinux] scripts/drgn/isle.py COMMAND...

    zones       each zone: its memory, what of it is free, its watermarks
    lists       the free lists, walked link by link and compared with their counts
    frame PFN   what isle knows of a page frame: its block, and who has or had it

isle.ko is the file that was loaded, with its debug information; of a live kernel
drgn 0.0.31 takes it by --extra-symbols isle.ko, where older ones know -s only.
vmlinux, with its own, is needed for a core, and for the stacks that debug=1 keeps. From
drgn's prompt: exec(open("scripts/drgn/isle.py").read()), then the functions below,
each of which returns what the commands print.
"""

import functools
import sys

from drgn import Object, ProgramFlags
from drgn.helpers.linux.list import list_for_each_entry

NO_FRAME = 0xFFFFFFFF
TOP_ORDER = 10
STATES = ("hole", "tail", "free", "pcp", "allocated", "quarantine")
TYPES = ("Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate")
ZONES = ("DMA32", "Normal", "Movable")
FLAGS = ("exposed", "user", "compound", "movable")


def live_symbols():
    with open("/proc/kallsyms", encoding="ascii", errors="replace") as symbols:
        for line in symbols:
            address, kind, name = line.split()[:3]
            yield int(address, 16), kind, name


def module_symbols():
    for module in list_for_each_entry("struct module", prog["modules"].address_of_(), "list"):
        table = module.kallsyms
        for i in range(table.num_symtab):
            symbol = table.symtab[i]
            name = (table.strtab + symbol.st_name).string_().decode()
            yield symbol.st_value.value_(), chr(table.typetab[i]), name


@functools.lru_cache(maxsize=1)
def kernel_symbols():
    """What the kernel itself knows of addresses: address, kind as nm's, name.

    Of a live kernel all, of a core what is in modules. (drgn 0.0.22 can't tell where
    the modules of newer kernels lie.)
    """
    return list(live_symbols() if prog.flags & ProgramFlags.IS_LIVE else module_symbols())


def isle_instance():
    """The instance that the module was loaded with: struct isle *."""
    try:
        address = next((a for a, _, name in kernel_symbols() if name == "isle_loaded"), 0)
        instance = Object(prog, "struct isle *", address=address) if address else None
    except LookupError:
        sys.exit("isle.py: needs isle.ko, and for a core vmlinux, with their debug information (-s, or"
                 " --extra-symbols where drgn has that)")
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
    """What code an address is: by drgn's symbols, or the kernel's own."""
    try:
        symbol = prog.symbol(address)
        return f"{symbol.name}+{address - symbol.address:#x}"
    except LookupError:
        pass
    best = (0, None)
    for start, kind, name in kernel_symbols():
        if kind in "tT" and best[0] < start <= address:
            best = (start, name)
    # Far from all: it was in a module's init code, which is gone.
    near = best[1] and address - best[0] < 0x10000
    return f"{best[1]}+{address - best[0]:#x}" if near else f"{address:#x}"


def stack_entries(handle):
    """The addresses of a stack in the kernel's depot; drgn 0.0.22 has no helper for it."""
    parts = Object(prog, "union handle_parts", value={"handle": handle})
    if hasattr(parts, "pool_index_plus_1"):
        pools, index = prog["stack_pools"], parts.pool_index_plus_1 - 1
    elif hasattr(parts, "pool_index"):
        pools, index = prog["stack_pools"], parts.pool_index
    else:
        pools, index = prog["stack_slabs"], parts.slabindex
    # A record starts at a multiple of 1 << DEPOT_STACK_ALIGN.
    at = pools[index].value_() + (parts.offset.value_() << 4)
    record = Object(prog, "struct stack_record", address=at)
    return [record.entries[i].value_() for i in range(record.size)]


def stack(handle):
    """The lines of a stack that debug=1 kept."""
    if not handle:
        return ["unknown"]
    try:
        return [code(address) for address in stack_entries(handle.value_())]
    except LookupError:
        return [f"stack {handle.value_():#x}: its addresses take vmlinux (-s)"]


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
    wrong = 0
    if not words:
        sys.exit(__doc__)
    while words:
        word = words.pop(0)
        if word == "zones":
            show_zones()
        elif word == "lists":
            wrong += show_lists()
        elif word == "frame" and words:
            try:
                pfn = int(words.pop(0), 0)
            except ValueError:
                sys.exit("isle.py: a pfn is a number, such as 0x8c65")
            show_frame(pfn)
        else:
            sys.exit(__doc__)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__" and sys.argv[0].endswith("isle.py"):
    main(sys.argv[1:])
