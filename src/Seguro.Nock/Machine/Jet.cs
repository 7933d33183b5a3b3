using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>C# that computes what a gate's formula would. Null: it declines, and the formula is computed. It may crash as the formula would.</summary>
delegate Noun? Jet(in JetCall call);

/// <summary>A gate that is called.</summary>
/// <param name="Machine">Where.</param>
/// <param name="Gate">The gate; what it has as its sample means nothing.</param>
/// <param name="Sample">The sample.</param>
readonly record struct JetCall(NockMachine Machine, Cell Gate, Noun Sample)
{
    /// <summary>The core that the gate lies in (axis 7).</summary>
    public Noun Context => ((Cell)Gate.TailField).TailField;

    /// <summary>The sample of the door that the gate lies in (axis 30), or null where there is none.</summary>
    public Noun? DoorSample => Axis.At(Context, 6);
}

/// <summary>A jet in one machine.</summary>
sealed class InstalledJet(string label, Jet? body, CallKeyOf? key)
{
    public string Label { get; } = label;

    /// <summary>What stands for the formula, or null where its products are kept.</summary>
    public Jet? Body { get; } = body;

    /// <summary>What its products are kept by.</summary>
    public CallKeyOf? Key { get; } = key;

    /// <summary>How often it gave a product.</summary>
    public long Runs { get; set; }
}
