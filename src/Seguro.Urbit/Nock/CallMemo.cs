using Seguro.Urbit.Nouns;

namespace Seguro.Urbit.Nock;

/// <summary>What a call's product depends on; null in <see cref="Gate"/>'s place never happens.</summary>
/// <param name="Gate">The arm, which stands for the battery.</param>
/// <param name="World">The number of the library around the gate.</param>
/// <param name="A">First of what matters.</param>
/// <param name="B">Second.</param>
/// <param name="C">Third.</param>
/// <param name="D">Fourth.</param>
readonly record struct CallKey(Arm Gate, int World, Noun A, Noun B, Noun C, Noun D)
{
    public bool Equals(CallKey other) =>
        ReferenceEquals(Gate, other.Gate) && World == other.World && A == other.A && B == other.B && C == other.C && D == other.D;

    public override int GetHashCode() => HashCode.Combine(World, A.Mug, B.Mug, C.Mug, D.Mug);
}

/// <summary>Says what a call of a gate depends on; null: this one is not to be kept.</summary>
delegate CallKey? CallKeyOf(NockMachine machine, Arm arm, in JetCall call);

/// <summary>Products of calls of pure gates, so that the same call is not computed again.</summary>
sealed class CallMemo(int entries)
{
    private readonly List<(Noun Battery, Noun Context)> _worlds = [];
    private Dictionary<CallKey, Noun> _young = [];
    private Dictionary<CallKey, Noun> _old = [];

    /// <summary>The number of a library: a battery, and what it lies in.</summary>
    public int World(Noun battery, Noun context)
    {
        for (int i = _worlds.Count - 1; i >= 0; i--)
        {
            (Noun knownBattery, Noun knownContext) = _worlds[i];
            if (ReferenceEquals(battery, knownBattery) && ReferenceEquals(context, knownContext))
                return i;
        }
        for (int i = 0; i < _worlds.Count; i++)
        {
            if (battery == _worlds[i].Battery && context == _worlds[i].Context)
            {
                _worlds[i] = (battery, context);
                return i;
            }
        }
        _worlds.Add((battery, context));
        return _worlds.Count - 1;
    }

    public Noun? Find(in CallKey key)
    {
        if (_young.TryGetValue(key, out Noun? product))
            return product;
        if (!_old.TryGetValue(key, out product))
            return null;
        Keep(key, product);
        return product;
    }

    /// <summary>Keeps a product. The half that was not used for longest goes when there are too many.</summary>
    public void Keep(in CallKey key, Noun product)
    {
        if (_young.Count >= entries / 2)
            (_old, _young) = (_young, []);
        _young[key] = product;
    }

    /// <summary>Forgets all: products may have been computed on the assumption that something goes well which then crashed.</summary>
    public void Clear()
    {
        _young.Clear();
        _old.Clear();
    }
}

/// <summary>Keeps what a call came to.</summary>
sealed class KeepCall(CallKey key) : Resumption
{
    public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
    {
        machine.Calls2.Keep(key, register);
        return null;
    }
}
