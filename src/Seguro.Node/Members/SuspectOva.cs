using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Node.Members;

/// <summary>
/// Ova that masters did not come back from. One that took two masters down is set aside by those who are told, or find it out for themselves, so that
/// it does not take down all members, one after the other.
/// </summary>
/// <remarks>
/// <para>A life of a member that ended while it was computing an ovum, or has been computing it for longer than half a lease, is a witness against it. When the log has an event of the
/// ovum, it was harmless, and all is forgotten. Ova without a digest (timers) are not looked at: they are all the same.</para>
/// <para>Bounded: the newest <see cref="Most"/> suspicions. Durability: as <see cref="ComputingMark"/>, and the file <c>suspects</c>, a line each, written when that changes.</para>
/// <para>Threading: <see cref="Begin"/> and <see cref="End"/> from one thread at a time; everything else from any.</para>
/// </remarks>
public sealed class SuspectOva : IDisposable
{
    /// <summary>How many suspicions are kept.</summary>
    public const int Most = 64;

    /// <summary>How many witnesses set an ovum aside.</summary>
    public const int Deadly = 2;

    private readonly Lock _lock = new();
    private readonly List<Suspicion> _all = [];
    private readonly ComputingMark _mark;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly string _witness;
    private long _since;
    private volatile uint _computing;

    private SuspectOva(string folder, string member, ulong life, TimeProvider time)
    {
        _path = Path.Combine(folder, "suspects");
        _time = time;
        _witness = Name(member, life);
        if (File.Exists(_path))
            _all.AddRange(File.ReadLines(_path).Select(Suspicion.Parse).OfType<Suspicion>().TakeLast(Most));
        _mark = new ComputingMark(folder, life);
        if (_mark.LastDigest != 0)
            Add(new Suspicion(_mark.LastDigest, Name(member, _mark.LastLife)));
    }

    /// <summary>What this member itself is witness of, in this life and earlier ones: what others should know.</summary>
    public IReadOnlyList<Suspicion> Own
    {
        get
        {
            string member = new Suspicion(0, _witness).Member;
            lock (_lock)
                return [.. _all.Where(one => one.Member == member)];
        }
    }

    /// <summary>What the user should know: each a full sentence.</summary>
    public IReadOnlyList<string> Warnings
    {
        get
        {
            lock (_lock)
            {
                return _all.Count == 0 ? [] :
                [
                    .. _all.GroupBy(static one => one.Digest).Where(static group => group.Count() >= Deadly).Select(static group => string.Create(
                        CultureInfo.InvariantCulture,
                        $"The ovum {group.Key:x8} is set aside when it comes: {string.Join(" and ", group.Select(static one => one.Member))} went down, or did not end, while computing it.")),
                ];
            }
        }
    }

    /// <summary>Reads what is known in a member's folder, and begins a life.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static SuspectOva Open(string folder, string member, TimeProvider time)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new SuspectOva(folder, member, BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))), time);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"the suspicions in {folder} can't be read or written: {error.Message}", "Look at the disk and its permissions, then start the member again.", error);
        }
    }

    /// <summary>Must this ovum not be computed?</summary>
    public bool IsSetAside(uint digest)
    {
        lock (_lock)
            return digest != 0 && _all.Count >= Deadly && _all.Count(one => one.Digest == digest) >= Deadly;
    }

    /// <summary>An ovum is about to be computed.</summary>
    public void Begin(uint digest)
    {
        _mark.Set(digest);
        Volatile.Write(ref _since, _time.GetTimestamp());
        _computing = digest;
    }

    /// <summary>The computation ended, however it did.</summary>
    public void End()
    {
        _computing = 0;
        _mark.Set(0);
    }

    /// <summary>Looks at the clock: what has been computed for longer than <paramref name="patience"/> is suspected. True where that is news.</summary>
    public bool Look(TimeSpan patience)
    {
        uint digest = _computing;
        return digest != 0 && _time.GetElapsedTime(Volatile.Read(ref _since)) > patience && _computing == digest && Add(new Suspicion(digest, _witness));
    }

    /// <summary>Another member says what it is witness of; of others it says nothing.</summary>
    public void Hear(string member, Suspicion told)
    {
        if (told.Member == member && member != new Suspicion(0, _witness).Member)
            Add(told);
    }

    /// <summary>The log has an event of this ovum.</summary>
    public void Clear(uint digest)
    {
        lock (_lock)
        {
            if (_all.Count > 0 && digest != 0 && _all.RemoveAll(one => one.Digest == digest) > 0)
                Write();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _mark.Dispose();

    private static string Name(string member, ulong life) => string.Create(CultureInfo.InvariantCulture, $"{member}@{life:x16}");

    private bool Add(Suspicion suspicion)
    {
        lock (_lock)
        {
            if (_all.Contains(suspicion))
                return false;
            if (_all.Count == Most)
                _all.RemoveAt(0);
            _all.Add(suspicion);
            Write();
            return true;
        }
    }

    private void Write()
    {
        try
        {
            File.WriteAllLines(_path + ".partial", _all.Select(static one => one.ToString()));
            File.Move(_path + ".partial", _path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(_path, error);
        }
    }
}
