namespace Seguro.Core;

/// <summary>
/// Room that is shared by those who send: bounded in number and in bytes, and no sender may hold more than is still free. So whoever floods gets half of it, however fast, and
/// what another sends finds room.
/// </summary>
/// <remarks>
/// Senders are told apart by a hash into <see cref="Lanes"/> lanes: its memory is bounded whatever addresses are made up. Who makes up many of them is bounded, and may be in others' way.
/// Sender 0 is the member itself, and bounded only by the whole. Not safe for two threads at a time.
/// </remarks>
/// <param name="most">How many.</param>
/// <param name="mostBytes">How many bytes.</param>
/// <param name="seed">Where a sender's lane is, so that nobody can choose another's.</param>
public sealed class FairRoom(int most, long mostBytes, ulong seed)
{
    /// <summary>How many lanes there are.</summary>
    public const int Lanes = 256;

    private readonly (int Count, long Bytes)[] _lanes = new (int, long)[Lanes];

    /// <summary>How many are in it.</summary>
    public int Count { get; private set; }

    /// <summary>How many bytes they have.</summary>
    public long Bytes { get; private set; }

    /// <summary>A seed of a name that is not known to those who send.</summary>
    public static ulong SeedOf(string name)
    {
        ulong seed = 0xcbf2_9ce4_8422_2325; // FNV-1a
        foreach (char letter in name)
            seed = (seed ^ letter) * 0x100_0000_01b3;
        return seed;
    }

    /// <summary>The lane of a sender.</summary>
    public int LaneOf(ulong sender)
    {
        ulong mixed = (sender ^ seed) * 0x9e37_79b9_7f4a_7c15;
        return (int)((mixed ^ (mixed >> 32)) % Lanes);
    }

    /// <summary>Takes room; false where there is none, or not for this sender.</summary>
    public bool TryTake(ulong sender, int bytes)
    {
        if (Count >= most || Bytes + bytes > mostBytes)
            return false;
        ref (int Count, long Bytes) lane = ref _lanes[LaneOf(sender)];
        if (sender != 0 && (lane.Count >= most - Count || lane.Bytes > mostBytes - Bytes - bytes))
            return false;
        lane = (lane.Count + 1, lane.Bytes + bytes);
        (Count, Bytes) = (Count + 1, Bytes + bytes);
        return true;
    }

    /// <summary>Gives back what was taken.</summary>
    public void Return(ulong sender, int bytes)
    {
        ref (int Count, long Bytes) lane = ref _lanes[LaneOf(sender)];
        lane = (lane.Count - 1, lane.Bytes - bytes);
        (Count, Bytes) = (Count - 1, Bytes - bytes);
    }
}
