using System.Globalization;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Nock.Ships;

/// <summary>A ship that computes nothing: an ovum is an event as it is, and no event has effects. For mirrors and harbors, and for logs that are no Urbit's.</summary>
/// <remarks>Its state is but the number of the last event. Snapshots are files of one line, <c>NUMBER CHAIN</c>, named by their number.</remarks>
public sealed class OpaqueShip : IShip
{
    private const string Extension = ".position";
    private const int Kept = 2;
    private readonly string _folder;

    /// <summary>Makes a ship that stands before event 1.</summary>
    /// <param name="folder">Where it keeps its snapshots; made when the first is.</param>
    public OpaqueShip(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _folder = folder;
    }

    /// <inheritdoc/>
    public EventNumber Number { get; private set; }

    /// <inheritdoc/>
    public uint Mug => 0;

    /// <inheritdoc/>
    public ValueTask<Computation> PokeAsync(Ovum ovum, long largest, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (ovum.Bytes.Length > largest)
            return ValueTask.FromResult<Computation>(new Computation.Refused(Refusal.Oversize, $"{ovum.Bytes.Length} bytes are more than the {largest} that the log takes"));
        Number = Number.Next;
        return ValueTask.FromResult<Computation>(new Computation.Accepted(Number, ovum.Bytes.ToArray(), 0, []));
    }

    /// <inheritdoc/>
    public ValueTask<Applied> ApplyAsync(EventNumber number, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (number != Number.Next)
            throw new SeguroException(ErrorCode.Gap, $"event {number} does not follow {Number}, where the ship stands", "Replay the log from a snapshot.");
        Number = number;
        return ValueTask.FromResult(new Applied(0, [], DigestOf(payload)));
    }

    /// <inheritdoc/>
    public ValueTask SnapshotAsync(Position position, CancellationToken cancel)
    {
        if (position.Number != Number)
            throw new ArgumentException($"The ship stands at {Number}, not at {position.Number}.", nameof(position));
        Directory.CreateDirectory(_folder);
        string path = PathOf(position.Number);
        File.WriteAllText(path + ".partial", $"{position.Number} {position.Chain}\n");
        File.Move(path + ".partial", path, overwrite: true);
        foreach (EventNumber old in Snapshots().Skip(Kept))
            File.Delete(PathOf(old));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<Position> RestoreAsync(EventNumber atMost, CancellationToken cancel)
    {
        foreach (EventNumber number in Snapshots().Where(number => number <= atMost))
        {
            string[] words = File.ReadAllText(PathOf(number)).TrimEnd().Split(' ');
            if (words.Length != 2 || words[0] != number.ToString() || !Chain.TryParse(words[1], out Chain chain))
                continue; // torn by a power cut: an older one, or the log from its beginning, does as well
            Number = number;
            return ValueTask.FromResult(new Position(number, chain));
        }
        Number = EventNumber.None;
        return ValueTask.FromResult(Position.Origin);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The digest of an ovum with these bytes (<see cref="Ovum.Digest"/>).</summary>
    public static uint DigestOf(ReadOnlyMemory<byte> bytes) => (uint)Atom.Of(bytes.Span).Mug;

    private string PathOf(EventNumber number) => Path.Combine(_folder, number + Extension);

    private IEnumerable<EventNumber> Snapshots() => Directory.Exists(_folder)
        ? Directory.EnumerateFiles(_folder, "*" + Extension)
            .Select(static path => ulong.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : 0)
            .Where(static number => number > 0)
            .OrderDescending()
            .Select(static number => new EventNumber(number))
            .ToList()
        : [];
}
