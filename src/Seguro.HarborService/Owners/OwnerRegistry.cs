using System.Runtime.CompilerServices;
using System.Text;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;

namespace Seguro.HarborService.Owners;

/// <summary>Who may use a service: an object for each key, in the storage that all instances share. What is changed here, running instances know within seconds.</summary>
/// <remarks>Threading: as the target's. Does not dispose of it.</remarks>
public sealed class OwnerRegistry(IHarborTarget storage)
{
    private const string Folder = "owners";
    private const int LongestRecord = 4096;

    /// <summary>What a key is to be, while it is changed: whoever stops in between leaves one of both.</summary>
    private const string Next = "-next";

    /// <summary>Registers a key, or changes what its owner may hold. One such change of a key at a time.</summary>
    /// <remarks>Objects are made once, so a change removes one and makes another; at every moment in between the key is known, with what it had or with what it is to have.</remarks>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: no owner's name, or no public key; what the storage throws.</exception>
    public async Task AddAsync(OwnerRecord record, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(record);
        CheckName(record.Owner);
        if (!AccessKey.IsPublicText(record.Key))
            throw new SeguroException(ErrorCode.BadValue, $"'{record.Key}' is no public key", "Use the 64 hexadecimal digits that `seguro harbor key access` showed the owner.");
        if (record.Bytes <= 0 || record.Objects <= 0)
            throw new SeguroException(ErrorCode.BadValue, "an owner may hold at least one byte and one object", "Choose larger numbers, or remove the owner.");
        string name = NameOf(record.Owner, record.Key);
        byte[] text = Encoding.ASCII.GetBytes(record.Write());
        if (await storage.PutAsync(name, new MemoryStream(text), cancel))
        {
            await storage.DeleteAsync(name + Next, cancel); // of a change that stopped in between
            return;
        }
        while (!await storage.PutAsync(name + Next, new MemoryStream(text), cancel))
            await storage.DeleteAsync(name + Next, cancel);
        do
            await storage.DeleteAsync(name, cancel);
        while (!await storage.PutAsync(name, new MemoryStream(text), cancel));
        await storage.DeleteAsync(name + Next, cancel);
    }

    /// <summary>What is kept of a key; <see langword="null"/>: nothing.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>; what the storage throws.</exception>
    public async Task<OwnerRecord?> FindAsync(string owner, string key, CancellationToken cancel) =>
        await ReadAsync(owner, key, "", cancel) ?? await ReadAsync(owner, key, Next, cancel) ?? await ReadAsync(owner, key, "", cancel); // once more: a change may have ended between both

    private async Task<OwnerRecord?> ReadAsync(string owner, string key, string suffix, CancellationToken cancel)
    {
        try
        {
            await using Stream source = await storage.GetAsync(NameOf(owner, key) + suffix, null, cancel);
            byte[] text = new byte[LongestRecord];
            int length = await source.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, cancel);
            return OwnerRecord.Read(text.AsSpan(0, length), owner, key);
        }
        catch (SeguroException missing) when (missing.Code is ErrorCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>All owners and their keys, by name, or those of one owner. Reads names only.</summary>
    /// <exception cref="SeguroException">What the storage throws.</exception>
    public async IAsyncEnumerable<(string Owner, string Key)> ListAsync(string? owner, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (owner is not null)
            CheckName(owner);
        (string Owner, string Key)? last = null;
        await foreach (TargetObject one in storage.ListAsync(owner is null ? Folder : $"{Folder}/{owner}", cancel))
        {
            if (one.Name.Split('/') is not [Folder, var name, var listed])
                continue;
            (string Owner, string Key) found = (name, listed.EndsWith(Next, StringComparison.Ordinal) ? listed[..^Next.Length] : listed);
            if (found != last) // a key, and behind it what it is to be
                yield return found;
            last = found;
        }
    }

    /// <summary>Takes keys of an owner away: one, or all. What the owner holds stays.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="SeguroException">What the storage throws.</exception>
    public async Task<int> RemoveAsync(string owner, string? key, CancellationToken cancel)
    {
        List<string> names = [];
        await foreach ((_, string known) in ListAsync(owner, cancel))
        {
            if (key is null || key == known)
                names.Add(NameOf(owner, known));
        }
        foreach (string name in names)
        {
            await storage.DeleteAsync(name + Next, cancel); // first: alone it would go on being taken
            await storage.DeleteAsync(name, cancel);
        }
        return names.Count;
    }

    /// <summary>What an owner holds: bytes, objects; what is written down of his removals among it, which the provider keeps for ninety days.</summary>
    /// <exception cref="SeguroException">What the storage throws.</exception>
    public async Task<(long Bytes, long Objects)> CountAsync(string owner, CancellationToken cancel)
    {
        (long bytes, long objects) = (0, 0);
        await foreach (TargetObject one in storage.ListAsync(ShipsOf(owner), cancel))
            (bytes, objects) = (bytes + one.Size, objects + 1);
        await foreach (TargetObject one in storage.ListAsync(RemovalsOf(owner), cancel))
            (bytes, objects) = (bytes + one.Size, objects + 1);
        return (bytes, objects);
    }

    /// <summary>The folder of what an owner holds.</summary>
    internal static string ShipsOf(string owner) => $"ships/{owner}";

    /// <summary>The folder of what was done with it.</summary>
    internal static string AuditOf(string owner) => $"audit/{owner}";

    /// <summary>The folder of what was written down of each removal: an owner can make as many as he removes objects, so they are counted as his.</summary>
    internal static string RemovalsOf(string owner) => $"removals/{owner}";

    internal static string NameOf(string owner, string key) => $"{Folder}/{owner}/{key}";

    private static void CheckName(string owner)
    {
        const int Longest = 64;
        if (owner.Length > Longest || !ObjectPath.IsPart(owner))
            throw new SeguroException(ErrorCode.BadValue, $"'{owner}' can't be an owner's name", "Use up to 64 letters, digits and hyphens, such as the planet's name without its tilde: sampel-palnet.");
    }
}
