using Seguro.Nouns;

namespace Seguro.Nock;

public sealed partial class NockMachine
{
    /// <summary>How many bytes may be taken between two looks at the heap.</summary>
    private const long Breath = 16L << 20;

    private const int BytesOfFrame = 24;
    private const int BytesOfNoun = 100; // what Cue needs for one at the most, its tables included

    // Jets do not say for whom they work.
    [ThreadStatic]
    private static NockMachine? _onThisThread;
    [ThreadStatic]
    private static long _takenOnThisThread;

    private long _looked;

    /// <summary>As <see cref="NockOptions.MaxHeap"/>, for each computation from now on.</summary>
    public long MaxHeap { get; set; }

    /// <summary>So many bytes are about to be taken at once: by a jet, say, which is one call whatever it makes.</summary>
    internal static void Take(long bytes)
    {
        _takenOnThisThread += bytes;
        if (_takenOnThisThread < Breath)
            return;
        _takenOnThisThread = 0;
        _onThisThread?.LookAtHeap(bytes);
    }

    /// <summary>How many nouns there is room for.</summary>
    internal int RoomForNouns => MaxHeap == 0 ? CueLimits.Default.Nouns
        : (int)Math.Clamp((MaxHeap - GC.GetTotalMemory(forceFullCollection: false)) / BytesOfNoun, 0, CueLimits.Default.Nouns);

    private void LookAtHeap(long more)
    {
        _looked = GC.GetAllocatedBytesForCurrentThread();
        if (MaxHeap == 0 || GC.GetTotalMemory(forceFullCollection: false) + more <= MaxHeap)
            return;
        Forget();
        if (HeapBudget.IsExceeded(MaxHeap, more))
            throw new NockCrash("meme");
    }

    /// <summary>Gives back what only saves time.</summary>
    private void Forget()
    {
        Kept.Clear();
        Memo.Clear();
    }
}
