using System.Runtime.CompilerServices;
using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>A machine's compiled formulas, the batteries it met and their names, and the jets it uses.</summary>
sealed class NockCode(IReadOnlyDictionary<string, InstalledJet> jets)
{
    private const int LongestLabel = 400;
    private readonly ConditionalWeakTable<Noun, Node> _nodes = [];
    private readonly ConditionalWeakTable<Cell, Battery> _batteries = [];
    // A battery that is made again after it was named (by compiling the same source, or by comparing) is known by its structure.
    private readonly Dictionary<Noun, Battery> _named = [];

    public IReadOnlyDictionary<string, InstalledJet> Jets { get; } = jets;

    /// <summary>The labels that were met.</summary>
    public IEnumerable<string> Labels => _named.Values.SelectMany(battery => battery.Names).Select(name => name.Label).Distinct();

    /// <summary>The compiled formula.</summary>
    public Node NodeOf(Noun formula)
    {
        if (_nodes.TryGetValue(formula, out Node? node))
            return node;
        node = FormulaCompiler.Compile(this, formula as Cell ?? throw new NockCrash());
        _nodes.AddOrUpdate(formula, node);
        return node;
    }

    /// <summary>What is known of a battery.</summary>
    public Battery BatteryOf(Cell noun)
    {
        if (_batteries.TryGetValue(noun, out Battery? battery))
            return battery;
        if (!_named.TryGetValue(noun, out battery))
            battery = new Battery(noun, this);
        _batteries.AddOrUpdate(noun, battery);
        return battery;
    }

    /// <summary>Follows a hint <c>[%fast name parent hooks]</c> on a core. What it says must make sense; else nothing happens, as in vere.</summary>
    public void Register(Cell core, Noun clue)
    {
        if (clue is not Cell { HeadField: Noun chum, TailField: Cell { HeadField: Noun parentFormula } } || NameOf(chum) is not string name
            || core.HeadField is not Cell formulas)
        {
            return;
        }
        // Hints may stand around the formula of the parent.
        for (int i = 0; i < 64 && parentFormula is Cell { HeadField: Atom { Words: null, Low: 11 }, TailField: Cell hinted }; i++)
            parentFormula = hinted.TailField;
        if (parentFormula is not Cell { HeadField: Atom { Words: null, Low: <= 1 } opcode, TailField: Atom { Words: null } operand })
            return;
        if (opcode.Low == 1)
        {
            if (operand.Low == 0 && core.TailField is Atom payload)
                Add(formulas, name, 0, "", payload);
            return;
        }
        if (Axis.At(core, operand.Low) is not Cell { HeadField: Cell parentBattery } parent || operand.Low < 3)
            return;
        foreach (CoreName above in BatteryOf(parentBattery).Names)
        {
            if (above.Fits(parent))
            {
                Add(formulas, above.Label + "/" + name, operand.Low, above.Label, null);
                return;
            }
        }
    }

    /// <summary>Takes over the names that vere had exported with a ship's state (the list that ends <c>[%arvo kernel %hashboard list]</c>).</summary>
    /// <remarks>Each item is <c>[battery hash roots parents]</c>; a place is <c>[parent label hooks]</c>, a parent <c>[0 0 noun]</c>, <c>[0 1 place]</c> or <c>[1 axis place]</c>.</remarks>
    public void Import(Noun list)
    {
        foreach (Noun item in NounList.Items(list))
        {
            if (item is not Cell { HeadField: Cell battery } || !Axis.TryAt(item, 14, out Noun? roots) || !Axis.TryAt(item, 15, out Noun? parents))
                throw NounException.Shape("not an entry of a hashboard", item);
            foreach (Noun pair in Entries(roots))
            {
                if (Axis.At(pair, 3) is Noun place && Axis.At(pair, 2) is Noun payload && LabelOf(place) is string label)
                    Add(battery, label, 0, "", payload);
            }
            foreach (Noun parent in NounList.Items(parents))
            {
                if (parent is not Cell { HeadField: Atom { Words: null, Low: ulong axis }, TailField: Noun places })
                    throw NounException.Shape("not a parent in a hashboard", parent);
                foreach (Noun pair in Entries(places))
                {
                    if (Axis.At(pair, 2) is Noun above && Axis.At(pair, 3) is Noun place && LabelOf(above) is string parentLabel && LabelOf(place) is string label)
                        Add(battery, label, axis, parentLabel, null);
                }
            }
        }
    }

    /// <summary>All names, as <see cref="NockMachine.ExportNames"/> says.</summary>
    public Noun ExportNames() => NounList.Of([.. _named.Values.SelectMany(battery => battery.Names, (battery, name) => (Noun)new Cell(battery.Noun, name.Export()))]);

    /// <summary>Takes such a list.</summary>
    public void ImportNames(Noun list)
    {
        foreach (Noun item in NounList.Items(list))
        {
            if (item is not Cell { HeadField: Cell battery, TailField: Cell { HeadField: Noun label, TailField: Cell rest } }
                || rest is not { HeadField: Atom { Words: null } axis, TailField: Cell { HeadField: Noun parent, TailField: Noun payload } }
                || !Cord.TryText(label, out string labelText) || !Cord.TryText(parent, out string parentText))
            {
                throw NounException.Shape("not a core's name", item);
            }
            Add(battery, labelText, axis.Low, parentText, NounList.Unit(payload));
        }
    }

    private void Add(Cell formulas, string label, ulong axis, string parentLabel, Noun? payload)
    {
        if (label.Length > LongestLabel)
            return;
        Battery battery = BatteryOf(formulas);
        if (battery.Names.Any(name => name.IsSameAs(label, axis)))
            return;
        _named[battery.Noun] = battery;
        battery.Add(new CoreName(label, axis, parentLabel, payload, this));
    }

    // Items of a map of Hoon's.
    private static IEnumerable<Noun> Entries(Noun map)
    {
        Stack<Noun> rest = new();
        rest.Push(map);
        while (rest.TryPop(out Noun? tree))
        {
            if (tree is not Cell { HeadField: Cell entry, TailField: Cell { HeadField: Noun left, TailField: Noun right } })
                continue;
            yield return entry;
            rest.Push(right);
            rest.Push(left);
        }
    }

    private static string? LabelOf(Noun place)
    {
        string label = "";
        while (true)
        {
            if (place is not Cell { HeadField: Cell { HeadField: Noun kind, TailField: Cell parent }, TailField: Cell { HeadField: Atom name } } || label.Length > LongestLabel)
                return null;
            label = label.Length == 0 ? Cord.Text(name) : Cord.Text(name) + "/" + label;
            if (kind == Atom.Zero && parent.HeadField == Atom.Zero)
                return label;
            place = parent.TailField;
        }
    }

    private static string? NameOf(Noun chum) => chum switch
    {
        Atom name when Cord.TryText(name, out string text) => text,
        Cell { HeadField: Atom name, TailField: Atom { Words: null } version } when Cord.TryText(name, out string text) => text + version.Low,
        _ => null,
    };
}
