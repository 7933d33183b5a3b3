using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>A battery (the formulas of a core) that was called: its compiled arms, and the names it was given.</summary>
sealed class Battery(Cell noun, NockCode code)
{
    private readonly Dictionary<ulong, Arm> _arms = [];
    private readonly List<CoreName> _names = [];

    public Cell Noun { get; } = noun;

    public IReadOnlyList<CoreName> Names => _names;

    /// <summary>The arm at an axis of the core, which must lie in the battery.</summary>
    public Arm ArmOf(ulong axis)
    {
        if (_arms.TryGetValue(axis, out Arm? arm))
            return arm;
        // Axis 2 of the core is all of the battery.
        int last = 62 - System.Numerics.BitOperations.LeadingZeroCount(axis);
        ulong inBattery = (axis & ((1UL << last) - 1)) | (1UL << last);
        Noun formula = Axis.At(Noun, inBattery) ?? throw new NockCrash();
        arm = new Arm(this, axis, code.NodeOf(formula));
        _arms[axis] = arm;
        FindJet(axis, arm);
        return arm;
    }

    /// <summary>Gives it another name.</summary>
    public void Add(CoreName name)
    {
        _names.Add(name);
        foreach ((ulong axis, Arm arm) in _arms)
            FindJet(axis, arm);
    }

    private void FindJet(ulong axis, Arm arm)
    {
        if (axis != 2)
            return;
        foreach (CoreName name in _names)
        {
            if (code.Jets.TryGetValue(name.Label, out InstalledJet? jet))
                arm.Add(name, jet);
        }
    }
}

/// <summary>An arm: how it is computed, and the jets that stand for it in cores of a name.</summary>
sealed class Arm
{
    // One battery may lie in several libraries: sets and maps have the same formula for tap.
    private (CoreName Name, InstalledJet Jet)[] _jets = [];

    public Arm(Battery battery, ulong axis, Node formula)
    {
        Battery = battery;
        Axis = axis;
        Formula = formula;
        Node = new CountingNode(this);
    }

    public Battery Battery { get; }

    /// <summary>Where it lies in a core.</summary>
    public ulong Axis { get; }

    /// <summary>Its nodes.</summary>
    public Node Formula { get; }

    /// <summary>What to enter with the core: the nodes, or what was made of them (<see cref="ArmCompiler"/>).</summary>
    public Node Node { get; set; }

    public bool HasJet => _jets.Length > 0;

    /// <summary>The jet for this core, or null.</summary>
    public InstalledJet? JetFor(Cell core)
    {
        foreach ((CoreName name, InstalledJet jet) in _jets)
        {
            if (name.Fits(core))
                return jet;
        }
        return null;
    }

    public void Add(CoreName name, InstalledJet jet)
    {
        if (!_jets.Any(known => ReferenceEquals(known.Name, name)))
            _jets = [.. _jets, (name, jet)];
    }
}

/// <summary>What a <c>%fast</c> hint said of cores with a battery: the name, and what must lie at an axis for it to be true.</summary>
sealed class CoreName(string label, ulong parentAxis, string parentLabel, Noun? rootPayload, NockCode code)
{
    private Noun? _knownParent;
    private Cell? _knownParentBattery;
    private CoreName? _knownParentName;

    /// <summary>The names from the root, such as <c>k140/one/add</c>.</summary>
    public string Label { get; } = label;

    public bool IsSameAs(string otherLabel, ulong axis) => Label == otherLabel && parentAxis == axis;

    /// <summary>What it says, but for the battery: <c>[label axis parent-label payload]</c>.</summary>
    public Noun Export() => Cell.Of(Cord.Of(Label), Atom.Of(parentAxis), Cord.Of(parentLabel), rootPayload is null ? Atom.Zero : NounList.Some(rootPayload));

    /// <summary>Does a core with the battery have this name: is all that its formulas may use what it was?</summary>
    public bool Fits(Cell core)
    {
        if (rootPayload is not null)
            return core.TailField == rootPayload;
        if (Axis.At(core, parentAxis) is not Cell { HeadField: Cell battery } parent)
            return false;
        if (ReferenceEquals(parent, _knownParent))
            return true;
        if (!ReferenceEquals(battery, _knownParentBattery) || _knownParentName is null)
        {
            _knownParentName = code.BatteryOf(battery).Names.FirstOrDefault(name => name.Label == parentLabel && name.Fits(parent));
            _knownParentBattery = battery;
        }
        if (_knownParentName?.Fits(parent) != true)
            return false;
        _knownParent = parent;
        return true;
    }
}
