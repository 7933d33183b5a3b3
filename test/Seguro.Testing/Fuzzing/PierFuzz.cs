using Microsoft.Win32.SafeHandles;
using Seguro.Core;
using Seguro.Piers;

namespace Seguro.Testing;

/// <summary>What must hold of <see cref="Pier"/>, whatever is in its pages: a small real pier is changed as the input says, and read from end to end.</summary>
/// <remarks>
/// The input: a byte (odd: read as a live pier), then changes, each a page's number (u8), a place in it (u16 little-endian), a count (u8), and as many bytes.
/// So an input stays small, and what it does not touch is sound. Not for two threads at a time.
/// </remarks>
public sealed class PierFuzz : IDisposable
{
    private const int PageSize = 4096;
    private const int MostMemory = 32 << 20; // some ten times what a sound pier of this size takes, all events read
    private const ulong Last = 300;

    private readonly TemporaryFolder _folder = new("pier-fuzz");
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly byte[] _good;

    /// <summary>Makes the pier.</summary>
    public PierFuzz()
    {
        _path = _folder["pier"];
        using (PierWriter writer = PierWriter.Create(_path, new PierIdentity(0, IsFake: true, Life: 1), EventNumber.None, "4.6"))
        {
            for (ulong number = 1; number <= Last; number++)
                writer.Append(new EventNumber(number), Payload(number));
            writer.Complete();
        }
        string data = Path.Combine(PierFiles.LogOf(_path), "0i0", "data.mdb");
        _good = File.ReadAllBytes(data);
        _file = File.OpenHandle(data, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
    }

    /// <summary>Inputs to begin from: no change, and one of each kind of page.</summary>
    public static IReadOnlyList<byte[]> Seeds { get; } =
    [
        [0],
        [1],
        [0, 0, 24, 0, 4, 1, 2, 3, 4],
        [0, 1, 128, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0],
        [1, 1, 40, 0, 2, 8, 0, 3, 10, 0, 2, 2, 0],
        .. Enumerable.Range(2, 40).Select(static page => (byte[])[0, (byte)page, 10, 0, 6, 2, 0, 20, 0, 0, 8]),
    ];

    /// <summary>Reads the changed pier: its events are there, each number once and in order, or the error is a typed one; in bounded memory (and time, which afl-fuzz watches).</summary>
    /// <exception cref="InvalidOperationException">Something of that is not so.</exception>
    public void Check(byte[] input)
    {
        if (input.Length == 0)
            return;
        List<int> changed = Change(input);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using Pier pier = Pier.Open(_path, (input[0] & 1) != 0 ? PierAccess.Live : PierAccess.Offline);
            ulong next = pier.Info.First.Value;
            foreach (PierEvent read in pier.Read(pier.Info.First, pier.Info.Last))
                Must(read.Number.Value == next++, "a number is missing, or there twice");
            Must(next == pier.Info.Last.Value + 1, "the last event is missing");
        }
        catch (SeguroException error)
        {
            Must(error.Code is ErrorCode.Corrupt or ErrorCode.NewerSchema or ErrorCode.NotAPier or ErrorCode.Gap or ErrorCode.BadEvent, $"the error is {error.Code}: {error.Message}");
        }
        finally
        {
            foreach (int page in changed)
                RandomAccess.Write(_file, _good.AsSpan(page * PageSize, PageSize), (long)page * PageSize);
        }
        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Must(taken < MostMemory, $"it took {taken} bytes of memory");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    private List<int> Change(ReadOnlySpan<byte> input)
    {
        List<int> pages = [];
        input = input[1..];
        while (input.Length > 4)
        {
            int page = input[0] % (_good.Length / PageSize);
            int place = (input[1] | (input[2] << 8)) % PageSize;
            ReadOnlySpan<byte> bytes = input.Slice(4, Math.Min(Math.Min(input[3], input.Length - 4), PageSize - place));
            RandomAccess.Write(_file, bytes, ((long)page * PageSize) + place);
            pages.Add(page);
            input = input[(4 + bytes.Length)..];
        }
        return pages;
    }

    private static byte[] Payload(ulong number)
    {
        byte[] bytes = new byte[5 + (int)(number * 7919 % 300) + (number % 40 == 0 ? 5000 : 0)];
        new Random((int)number).NextBytes(bytes);
        bytes.AsSpan(0, 4).Clear();
        return bytes;
    }

    private static void Must(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException(otherwise);
    }
}
