using Seguro.Nouns;

namespace Seguro.Nock.Jets;

/// <summary>Lists and units (hoon 2a and 2b).</summary>
static class ListJets
{
    public static IEnumerable<(string, Jet)> All { get; } =
    [
        ("two/lent", (in JetCall call) => Samples.Items(call.Sample) is { } items ? Atom.Of((ulong)items.Count) : null),
        ("two/flop", Flop),
        ("two/weld", (in JetCall call) => call.Sample is Cell { HeadField: Noun a, TailField: Noun b } && Samples.Items(a) is { } items ? Samples.List(items, b) : null),
        // vere's crashes without the formula's hint 'need', and the trace is in what it says of a crash.
        ("two/need", (in JetCall call) => call.Sample is Cell { TailField: Noun value } ? value : call.Sample.Equals(Atom.Zero) ? throw new NockCrash() : null),
        ("two/reap", Reap),
        ("two/rear", (in JetCall call) => Samples.Items(call.Sample) is { Count: > 0 } items ? items[^1] : null),
        ("two/slag", Slag),
        ("two/scag", Scag),
        ("two/snag", Snag),
        ("two/zing", Zing),
        ("two/turn", Turn),
        ("two/roll", Roll),
        ("two/reel", Reel),
        ("two/murn", Murn),
        ("two/skim", (in JetCall call) => Choose(call, yes: true)),
        ("two/skip", (in JetCall call) => Choose(call, yes: false)),
        ("two/skid", Skid),
        ("two/levy", (in JetCall call) => Search(call, found: false)),
        ("two/lien", (in JetCall call) => Search(call, found: true)),
        ("two/sort", Sort),
        ("two/spin", Spin),
    ];

    /// <summary>The product of a gate as a condition.</summary>
    public static bool Holds(NockMachine machine, Noun gate, Noun sample) =>
        machine.SlamNested(gate, sample) is Atom { Words: null, Low: <= 1 } flag ? flag.Low == 0 : throw new NockCrash();

    private static Noun? Flop(in JetCall call)
    {
        Noun flopped = Atom.Zero;
        Noun list = call.Sample;
        for (int count = 1; list is Cell cell; list = cell.TailField, count++)
        {
            if (count % Samples.LongList == 0)
                Samples.Weigh(Samples.LongList);
            flopped = new Cell(cell.HeadField, flopped);
        }
        return Samples.IsNull(list) ? flopped : null;
    }

    private static Noun? Reap(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Atom { Words: null, Low: < 1 << 24 } count, TailField: Noun item })
            return null;
        Noun list = Atom.Zero;
        Samples.Weigh((long)count.Low);
        for (ulong i = 0; i < count.Low; i++)
            list = new Cell(item, list);
        return list;
    }

    private static Noun? Slag(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Atom { Words: null } count, TailField: Noun list })
            return null;
        for (ulong i = count.Low; i > 0; i--)
        {
            if (list is not Cell cell)
                return Samples.IsNull(list) ? Atom.Zero : null;
            list = cell.TailField;
        }
        return list;
    }

    private static Noun? Scag(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Atom { Words: null } count, TailField: Noun list })
            return null;
        List<Noun> items = [];
        for (ulong i = count.Low; i > 0 && list is Cell cell; i--)
        {
            items.Add(cell.HeadField);
            list = cell.TailField;
        }
        return list is Cell || Samples.IsNull(list) ? Samples.List(items) : null;
    }

    private static Noun? Snag(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Atom { Words: null } index, TailField: Noun list })
            return null;
        for (ulong i = index.Low; i > 0 && list is Cell cell; i--)
            list = cell.TailField;
        return (list as Cell)?.HeadField;
    }

    private static Noun? Zing(in JetCall call)
    {
        if (Samples.Items(call.Sample) is not { } lists)
            return null;
        List<Noun> all = [];
        foreach (Noun list in lists)
        {
            if (Samples.Items(list) is not { } items)
                return null;
            Samples.Weigh(items.Count);
            all.AddRange(items);
        }
        return Samples.List(all);
    }

    private static bool TryGate(in JetCall call, out List<Noun> items, out Noun gate)
    {
        items = [];
        gate = call.Gate;
        if (call.Sample is not Cell { HeadField: Noun list, TailField: Noun b } || Samples.Items(list) is not { } found || !NockMachine.CanNest())
            return false;
        (items, gate) = (found, b);
        return true;
    }

    private static Noun? Turn(in JetCall call)
    {
        if (!TryGate(call, out List<Noun> items, out Noun gate))
            return null;
        for (int i = 0; i < items.Count; i++)
            items[i] = call.Machine.SlamNested(gate, items[i]);
        return Samples.List(items);
    }

    private static Noun? Roll(in JetCall call)
    {
        if (!TryGate(call, out List<Noun> items, out Noun gate) || Axis.At(gate, 13) is not Noun product)
            return null;
        foreach (Noun item in items)
            product = call.Machine.SlamNested(gate, new Cell(item, product));
        return product;
    }

    private static Noun? Reel(in JetCall call)
    {
        if (!TryGate(call, out List<Noun> items, out Noun gate) || Axis.At(gate, 13) is not Noun product)
            return null;
        for (int i = items.Count - 1; i >= 0; i--)
            product = call.Machine.SlamNested(gate, new Cell(items[i], product));
        return product;
    }

    private static Noun? Murn(in JetCall call)
    {
        if (!TryGate(call, out List<Noun> items, out Noun gate))
            return null;
        List<Noun> kept = [];
        foreach (Noun item in items)
        {
            Noun unit = call.Machine.SlamNested(gate, item);
            if (unit is Cell some)
                kept.Add(some.TailField);
            else if (!Samples.IsNull(unit))
                throw new NockCrash();
        }
        return Samples.List(kept);
    }

    private static Noun? Choose(in JetCall call, bool yes)
    {
        if (!TryGate(call, out List<Noun> items, out Noun gate))
            return null;
        List<Noun> kept = [];
        foreach (Noun item in items)
        {
            if (Holds(call.Machine, gate, item) == yes)
                kept.Add(item);
        }
        return Samples.List(kept);
    }

    private static Noun? Skid(in JetCall call)
    {
        if (!TryGate(call, out List<Noun> items, out Noun gate))
            return null;
        (List<Noun> yes, List<Noun> no) = Split(call.Machine, items, 0, gate);
        return new Cell(Samples.List(yes), Samples.List(no));
    }

    private static (List<Noun> Yes, List<Noun> No) Split(NockMachine machine, List<Noun> items, int from, Noun gate)
    {
        List<Noun> yes = [];
        List<Noun> no = [];
        for (int i = from; i < items.Count; i++)
            (Holds(machine, gate, items[i]) ? yes : no).Add(items[i]);
        return (yes, no);
    }

    private static Noun? Search(in JetCall call, bool found)
    {
        if (!TryGate(call, out List<Noun> items, out Noun gate))
            return null;
        foreach (Noun item in items)
        {
            if (Holds(call.Machine, gate, item) == found)
                return Atom.Flag(found);
        }
        return Atom.Flag(!found);
    }

    // As the formula does it: those that belong before the first, then the first, then the others, each part sorted so.
    private static Noun? Sort(in JetCall call)
    {
        if (!TryGate(call, out List<Noun> items, out Noun gate))
            return null;
        List<Noun> sorted = [];
        Stack<(List<Noun> Items, bool IsSorted)> parts = new();
        parts.Push((items, false));
        while (parts.TryPop(out (List<Noun> Items, bool IsSorted) part))
        {
            if (part.IsSorted || part.Items.Count < 2)
            {
                sorted.AddRange(part.Items);
                continue;
            }
            Noun first = part.Items[0];
            List<Noun> before = [];
            List<Noun> after = [];
            for (int i = 1; i < part.Items.Count; i++)
                (Holds(call.Machine, gate, new Cell(part.Items[i], first)) ? before : after).Add(part.Items[i]);
            parts.Push((after, false));
            parts.Push(([first], true));
            parts.Push((before, false));
        }
        return Samples.List(sorted);
    }

    private static Noun? Spin(in JetCall call)
    {
        if (call.Sample is not Cell { HeadField: Noun list, TailField: Cell { HeadField: Noun state, TailField: Noun gate } }
            || Samples.Items(list) is not { } items || !NockMachine.CanNest())
        {
            return null;
        }
        for (int i = 0; i < items.Count; i++)
        {
            Cell step = call.Machine.SlamNested(gate, new Cell(items[i], state)) as Cell ?? throw new NockCrash();
            items[i] = step.HeadField;
            state = step.TailField;
        }
        return new Cell(Samples.List(items), state);
    }
}
