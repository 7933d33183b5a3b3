using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;
using Seguro.Piers.Transfer;

namespace Seguro.Harbor.Writing;

/// <summary>Lets other recipients open what was written before, for the owner: each object's key is wrapped anew; contents, manifests and signatures stay as they are.</summary>
/// <remarks>
/// Objects are never changed, so each is exchanged: its copy is put aside and read back before it goes, and takes its name then. Whatever ends that, running it again goes on;
/// until then the one object that was under way may be missing under its name. Memory: one object; large ones go by a file.
/// </remarks>
public static class HarborRewrap
{
    /// <summary>Exchanges all objects of a ship in one target.</summary>
    /// <param name="target">The target. Not disposed of.</param>
    /// <param name="owner">Opens what is there.</param>
    /// <param name="host">Names who can open it from now on: the recipients in its file, and nobody else. Signs nothing.</param>
    /// <param name="ship">The ship.</param>
    /// <param name="progress">Told how far it is, in bytes of objects.</param>
    /// <param name="time">The clock of pauses.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.BadValue"/>: the key is another host's; <see cref="ErrorCode.NoSuchLog"/>; <see cref="ErrorCode.HarborIncomplete"/>: an object is damaged, and stays as it is, as do those
    /// after it; what the target throws.
    /// </exception>
    public static async Task<RewrapResult> RunAsync(
        IHarborTarget target, OwnerKey owner, HostKey host, Ship ship, IProgress<TransferProgress>? progress, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(host);
        HarborFolder folder = new(target, ObjectName.Folder(owner.Signer, ship), time);
        if (ObjectName.Folder(host.Signer.PublicKey, ship) != folder.Id)
        {
            throw new SeguroException(
                ErrorCode.BadValue, $"{host.Path} is not the key that made this backup", "Name the host's key file that `seguro harbor key new` made together with this identity.");
        }
        FolderIndex index = await PutBackAsync(folder, owner, cancel);
        (string Name, long Size)[] objects = [.. index.Sealed];
        if (objects.Length == 0)
        {
            throw new SeguroException(
                ErrorCode.NoSuchLog, $"there is no backup of {ship} for this identity in {target.Name}", "Check the ship's name, the URL, and that this is the identity whose host made the backup.");
        }
        List<string> locked = [];
        string? why = null;
        long done = 0;
        foreach ((string name, long size) in objects)
        {
            try
            {
                await ExchangeAsync(folder, name, size, owner, host, cancel);
            }
            catch (SeguroException kept) when (kept.Code is ErrorCode.ObjectLocked)
            {
                locked.Add(name);
                why ??= kept.Message;
                await folder.DeleteAsync(ObjectName.Aside + name, cancel);
            }
            progress?.Report(new TransferProgress(TransferStep.Copying, 0, 0, done += size, index.Bytes));
        }
        return new RewrapResult(objects.Length - locked.Count, locked, why);
    }

    private static async Task ExchangeAsync(HarborFolder folder, string name, long size, OwnerKey owner, HostKey host, CancellationToken cancel)
    {
        await using Stream sealedBytes = await folder.GetAsync(name, size, cancel);
        await using Stream wrapped = Scratch.For(sealedBytes.Length + 8192);
        try
        {
            using (OpenedObject opened = OpenedObject.Open(sealedBytes, sealedBytes.Length, owner, folder.Id, cancel))
                HarborFolder.Checked(name, opened.Manifest); // all of it is what was written
            sealedBytes.Position = 0;
            AgeHeader header = AgeHeader.Read(sealedBytes);
            header.WriteFor(wrapped, host.Recipients, header.Unwrap(owner.Identities));
        }
        catch (SeguroException bad) when (HarborReader.IsDamage(bad))
        {
            throw new SeguroException(
                ErrorCode.HarborIncomplete, $"{folder.Target.Name}: {name}: {bad.Message}",
                "Nothing more is exchanged in a harbor that is damaged: repair it with `seguro harbor verify --repair`, then run this again.", bad);
        }
        await sealedBytes.CopyToAsync(wrapped, cancel);
        string aside = ObjectName.Aside + name;
        await folder.PutAsync(aside, wrapped, cancel);
        await using (Stream there = await folder.GetAsync(aside, wrapped.Length, cancel))
        {
            byte[] kept = await HashAsync(there, cancel);
            byte[] put = await HashAsync(wrapped, cancel);
            if (!kept.AsSpan().SequenceEqual(put))
                throw new SeguroException(ErrorCode.HarborIncomplete, $"{folder.Target.Name}: {aside} does not come back as it was put", "Do not trust that target: `seguro harbor verify`.");
        }
        await folder.DeleteAsync(name, cancel);
        await folder.PutAsync(name, wrapped, cancel); // where a backup made it again meanwhile, it did so for these recipients
        await RequireAsync(folder, name, wrapped, owner, cancel);
        await folder.DeleteAsync(aside, cancel);
    }

    /// <summary>The copy may go: its object is in its place, or one that a backup made anew. A put that says "it exists" proves neither, where a target forgets late what was deleted.</summary>
    private static async Task RequireAsync(HarborFolder folder, string name, Stream wrapped, OwnerKey owner, CancellationToken cancel)
    {
        try
        {
            if (await folder.IsThereAsync(name, wrapped, cancel) || await IsWholeAsync(folder, name, owner, cancel))
                return;
        }
        catch (SeguroException missing) when (missing.Code is ErrorCode.NotFound)
        {
            // It is kept.
        }
        throw new SeguroException(
            ErrorCode.HarborIncomplete, $"{folder.Target.Name}: {name} is not there after it was put; its copy stays as {ObjectName.Aside}{name}, and is read in its place",
            "Run this again, when the target is well: see `seguro harbor verify`.");
    }

    /// <summary>An object is in its own place, and whole as far as this owner can tell.</summary>
    private static async Task<bool> IsWholeAsync(HarborFolder folder, string name, OwnerKey owner, CancellationToken cancel)
    {
        try
        {
            using OpenedObject opened = await folder.OpenAsync(name, 0, owner, cancel, isExact: true);
            return true;
        }
        catch (SeguroException other) when (other.Code is ErrorCode.WrongIdentity)
        {
            return true; // for others, who were given it
        }
        catch (SeguroException bad) when (HarborReader.IsDamage(bad))
        {
            return false;
        }
    }

    /// <summary>Ends what an exchange that was ended left: a copy takes the place that is empty, or goes.</summary>
    private static async Task<FolderIndex> PutBackAsync(HarborFolder folder, OwnerKey owner, CancellationToken cancel)
    {
        FolderIndex index = await folder.ReadIndexAsync(cancel);
        if (index.Aside.Count == 0)
            return index;
        HashSet<string> there = [.. index.Sealed.Select(static one => one.Name).Where(name => !index.StandIns.Contains(name))];
        foreach (string name in index.Aside)
        {
            string aside = ObjectName.Aside + name;
            if (!there.Contains(name) || !await IsWholeAsync(folder, name, owner, cancel))
            {
                await using Stream copy = await folder.GetAsync(aside, 0, cancel);
                HarborFolder.Checked(name, Manifest.Read(AgeHeader.Read(copy), folder.Id, owner.Signer)); // it was read back before the other one went
                await folder.PutAsync(name, copy, cancel);
                await RequireAsync(folder, name, copy, owner, cancel);
            }
            await folder.DeleteAsync(aside, cancel);
        }
        return await folder.ReadIndexAsync(cancel);
    }

    private static Task<byte[]> HashAsync(Stream content, CancellationToken cancel)
    {
        content.Position = 0;
        return SHA256.HashDataAsync(content, cancel).AsTask();
    }
}
