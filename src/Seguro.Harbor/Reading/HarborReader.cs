using System.Globalization;
using System.Text;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.Piers.Transfer;

namespace Seguro.Harbor.Reading;

/// <summary>A ship's log in one or several harbors, for its owner: each segment is taken from the first target that has it whole.</summary>
/// <remarks>
/// Threading: one reading at a time. Memory: three segments of at most 24 MiB, larger ones go by files in the system's temporary folder.
/// Nothing of a segment is handed out before all of it was found to be what was written.
/// </remarks>
public sealed partial class HarborReader
{
    /// <summary>So many newest objects are looked at for one whose manifest can be read.</summary>
    private const int MostLookedBack = 16;
    private readonly OwnerKey _owner;
    private readonly List<HarborDamage> _damage = [];
    private readonly Action<HarborDamage> _tell;
    private readonly Lock _listing = new();
    private Task _listed = Task.CompletedTask;

    private HarborReader(Ship ship, OwnerKey owner, IReadOnlyList<HarborCopy> copies, Action<HarborDamage> tell)
    {
        Ship = ship;
        _owner = owner;
        _tell = tell;
        Copies = copies;
    }

    /// <summary>Whose log it is.</summary>
    public Ship Ship { get; }

    /// <summary>What each target has, in the order in which they were named.</summary>
    public IReadOnlyList<HarborCopy> Copies { get; private set; }

    /// <summary>The log's metadata, as the host knew it when the harbor was attached.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Metadata { get; private set; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>The place before the first event that a target has.</summary>
    public Position Base { get; private set; }

    /// <summary>The last event that a target has.</summary>
    public Position Head { get; private set; }

    /// <summary>What was found to be wrong so far.</summary>
    public IReadOnlyList<HarborDamage> Damage => _damage;

    /// <summary>Looks at all targets. Those that can't be used are kept with their <see cref="HarborCopy.Problem"/>.</summary>
    /// <param name="targets">The targets, the preferred one first.</param>
    /// <param name="owner">Opens the objects.</param>
    /// <param name="ship">The ship.</param>
    /// <param name="tell">Told of each damage, once.</param>
    /// <param name="time">The clock of pauses.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NoSuchLog"/>: none has anything of the ship; the first target's problem where none can be used;
    /// <see cref="ErrorCode.Diverged"/>: two have other histories.
    /// </exception>
    public static async Task<HarborReader> OpenAsync(
        IReadOnlyList<IHarborTarget> targets, OwnerKey owner, Ship ship, Action<HarborDamage> tell, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(owner);
        string folder = ObjectName.Folder(owner.Signer, ship);
        HarborReader reader = new(ship, owner, [], tell);
        reader.Copies = await Task.WhenAll(targets.Select(target => reader.LookAsync(new HarborFolder(target, folder, time), cancel)));
        HarborCopy[] useful = [.. reader.Copies.Where(static copy => copy.Problem is null && copy.Last > EventNumber.None)];
        if (useful.Length == 0)
        {
            throw reader.Copies.Select(static copy => copy.Problem).FirstOrDefault(static problem => problem is not null) ?? new SeguroException(
                ErrorCode.NoSuchLog, $"there is no backup of {ship} for this identity in {string.Join(", ", targets.Select(static target => target.Name))}",
                "Check the ship's name, the URL, and that this is the identity whose host made the backup.");
        }
        reader.Base = useful.MinBy(static copy => copy.Base.Number)!.Base;
        reader.Head = useful.MaxBy(static copy => copy.Head.Number)!.Head;
        if (useful.FirstOrDefault(copy => copy.Head.Number == reader.Head.Number && copy.Head.Chain != reader.Head.Chain) is { } other)
        {
            throw new SeguroException(
                ErrorCode.Diverged, $"two targets have different histories of {ship}: at event {reader.Head.Number}, {other.Target} has the chain {other.Head.Chain}, another {reader.Head.Chain}",
                "Find out which copy of the ship ran last; name the targets that have its history only.");
        }
        await reader.ReadShipAsync(useful, cancel);
        return reader;
    }

    /// <summary>Reads the log from an event on, as if it began there: what is before it is lost, or not wanted.</summary>
    /// <param name="from">The first event.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.HarborIncomplete"/>: no target has that event.</exception>
    public async Task BeginAtAsync(EventNumber from, CancellationToken cancel)
    {
        if (from <= Base.Number.Next)
            return;
        using OpenedObject opened = await OpenElsewhereAsync(from, null, cancel);
        Base = opened.Manifest.First == from ? opened.Manifest.Start : new Position(from.Previous, ChainAt(opened, from.Previous));
    }

    internal OwnerKey Owner => _owner;

    internal IEnumerable<HarborCopy> Useful => Copies.Where(static copy => copy.Problem is null && copy.Last > EventNumber.None);

    /// <summary>Remembers a damage and tells it, the first time.</summary>
    internal void Found(HarborDamage damage)
    {
        lock (_damage)
        {
            if (_damage.Any(one => one.Target == damage.Target && one.Name == damage.Name))
                return;
            _damage.Add(damage);
        }
        _tell(damage);
    }

    private async Task<HarborCopy> LookAsync(HarborFolder folder, CancellationToken cancel)
    {
        HarborCopy copy = new() { Target = folder.Target.Name, Folder = folder };
        try
        {
            FolderIndex index = await folder.ReadIndexAsync(cancel);
            copy = copy with { Index = index, Objects = index.Count, Bytes = index.Bytes, Snapshots = [.. index.Snapshots.Select(static one => one.Event).Distinct()] };
            if (index.Path.Count == 0)
                return copy;
            Manifest? newest = await FindAsync(folder, index.Path.Reverse().Take(MostLookedBack), cancel);
            bool isWhole = index.Path[0].First == new EventNumber(1);
            Manifest? oldest = isWhole ? null : await FindAsync(folder, index.Path.Take(MostLookedBack), cancel);
            if (newest is null || (oldest is null && !isWhole))
                return copy with { Problem = new SeguroException(ErrorCode.Corrupt, $"{copy.Target}: none of its {MostLookedBack} {(newest is null ? "newest" : "oldest")} segments can be read", "Use another target.") };
            Position start = oldest?.Start ?? Position.Origin;
            return copy with { First = start.Number.Next, Last = newest.Last, Time = newest.Time, Base = start, Head = newest.End };
        }
        catch (SeguroException problem)
        {
            return copy with { Problem = problem };
        }
    }

    private async Task<Manifest?> FindAsync(HarborFolder folder, IEnumerable<SegmentObject> candidates, CancellationToken cancel)
    {
        foreach (SegmentObject one in candidates)
        {
            try
            {
                return await folder.ReadManifestAsync(one.Name, _owner.Signer, cancel);
            }
            catch (SeguroException bad) when (IsDamage(bad))
            {
                Found(new HarborDamage(folder.Target.Name, one.Name, bad.Message));
            }
        }
        return null;
    }

    private async Task ReadShipAsync(IEnumerable<HarborCopy> copies, CancellationToken cancel)
    {
        foreach (HarborCopy copy in copies)
        {
            try
            {
                using OpenedObject opened = await copy.Folder.OpenAsync(ObjectName.Ship, 0, _owner, cancel);
                using StreamReader text = new(opened.Content, Encoding.ASCII);
                Metadata = ShipText.Read(await text.ReadToEndAsync(cancel), Ship);
                return;
            }
            catch (SeguroException bad) when (IsDamage(bad) || bad.Code is ErrorCode.HarborUnavailable)
            {
                Found(new HarborDamage(copy.Target, ObjectName.Ship, bad.Message));
            }
        }
        throw new SeguroException(
            ErrorCode.HarborIncomplete, $"no target can say whose log this is: {string.Join("; ", _damage.Where(static one => one.Name == ObjectName.Ship))}", "Attach the harbor once more from the host, which makes that object again.");
    }

    /// <summary>It is the object, not the target, that is wrong; a wrong identity looks the same as a damaged stanza.</summary>
    internal static bool IsDamage(SeguroException bad) => bad.Code is ErrorCode.Corrupt or ErrorCode.NotFound or ErrorCode.WrongIdentity;

    internal static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
