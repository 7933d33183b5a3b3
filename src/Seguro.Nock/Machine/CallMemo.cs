using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>Products of calls of pure gates, so that no call is computed twice.</summary>
sealed class CallMemo(int entries)
{
    private readonly List<(Noun Battery, Noun Context)> _worlds = [];
    private Dictionary<CallKey, Noun> _young = [];
    private Dictionary<CallKey, Noun> _old = [];

    /// <summary>The number of a library: a battery, and what it lies in. Two versions of Hoon have two numbers.</summary>
    public int World(Noun battery, Noun context)
    {
        for (int i = _worlds.Count - 1; i >= 0; i--)
        {
            if (ReferenceEquals(battery, _worlds[i].Battery) && ReferenceEquals(context, _worlds[i].Context))
                return i;
        }
        int known = _worlds.FindIndex(world => world.Battery == battery && world.Context == context);
        if (known < 0)
        {
            known = _worlds.Count;
            _worlds.Add(default);
        }
        _worlds[known] = (battery, context);
        return known;
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

    /// <summary>Keeps a product. When there are too many, those go that were not asked for since half as many came.</summary>
    public void Keep(in CallKey key, Noun product)
    {
        if (_young.Count >= entries / 2)
            (_old, _young) = (_young, []);
        _young[key] = product;
    }

    /// <summary>Forgets all products.</summary>
    public void Clear()
    {
        _young = [];
        _old = [];
    }

    /// <summary>Keeps what the call comes to.</summary>
    public static Resumption Keeping(in CallKey key) => new Keeper(key);

    private sealed class Keeper(CallKey key) : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
        {
            machine.Kept.Keep(key, register);
            return null;
        }
    }
}
