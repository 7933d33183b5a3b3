using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>What the product of a call depends on.</summary>
/// <param name="Gate">The arm, which stands for its battery.</param>
/// <param name="World">The number of the library that the gate lies in (<see cref="CallMemo.World"/>).</param>
/// <param name="Subject">The type that the compiler's core is about.</param>
/// <param name="Sample">The gate's sample.</param>
/// <param name="Vet">Whether the compiler checks types.</param>
/// <param name="More">What else there is.</param>
readonly record struct CallKey(Arm Gate, int World, Noun Subject, Noun Sample, Noun Vet, Noun More)
{
    public bool Equals(CallKey other) =>
        ReferenceEquals(Gate, other.Gate) && World == other.World
        && Subject == other.Subject && Sample == other.Sample && Vet == other.Vet && More == other.More;

    public override int GetHashCode() => HashCode.Combine(World, Subject.Mug, Sample.Mug, Vet.Mug, More.Mug);
}

/// <summary>Says what a call of a gate depends on; null: this call's product is not to be kept.</summary>
delegate CallKey? CallKeyOf(NockMachine machine, Arm arm, in JetCall call);
