using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;

namespace Seguro.Harbor.Reading;

/// <summary>One ship's folder at one target. What may pass is tried again, a few times; who made an object is found out where a put's outcome was unknown.</summary>
/// <remarks>Threading: as the target's. Does not dispose of the target.</remarks>
internal sealed class HarborFolder(IHarborTarget target, string id, TimeProvider time)
{
    /// <summary>So much of an object is asked for to read its header.</summary>
    private const long HeadBytes = 16 << 10;
    private const int Attempts = 4;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    public string Id => id;

    public IHarborTarget Target => target;

    public Task<FolderIndex> ReadIndexAsync(CancellationToken cancel) => TryAsync(() => FolderIndex.ReadAsync(target, id, cancel), cancel);

    /// <summary>What an object says of itself. Needs no identity.</summary>
    public Task<Manifest> ReadManifestAsync(string name, NSec.Cryptography.PublicKey signer, CancellationToken cancel) => TryAsync(async () =>
    {
        await using Stream head = await ReadAsync(name, HeadBytes, cancel);
        using BufferedStream buffered = new(head, (int)HeadBytes);
        return Checked(name, Manifest.Read(AgeHeader.Read(buffered), id, signer));
    }, cancel);

    /// <summary>Gets an object, and opens it: all of it is what was written.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="size">How large it is, about.</param>
    /// <param name="owner">Opens it.</param>
    /// <param name="cancel">Ends it.</param>
    /// <param name="isExact">No copy that lies aside will do.</param>
    /// <exception cref="SeguroException">As <see cref="OpenedObject.Open"/>, with the object's name; what the target throws.</exception>
    public Task<OpenedObject> OpenAsync(string name, long size, OwnerKey owner, CancellationToken cancel, bool isExact = false) => TryAsync(async () =>
    {
        await using Stream source = isExact ? await target.GetAsync(PathOf(name), null, cancel) : await ReadAsync(name, null, cancel);
        OpenedObject opened = OpenedObject.Open(source, size, owner, id, cancel);
        try
        {
            Checked(name, opened.Manifest);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }, cancel);

    /// <summary>Gets an object as it lies there. Whoever gets it disposes of it.</summary>
    public Task<Stream> GetAsync(string name, long size, CancellationToken cancel) => TryAsync(async () =>
    {
        Stream all = Scratch.For(size);
        try
        {
            await using Stream source = await ReadAsync(name, null, cancel);
            await source.CopyToAsync(all, cancel);
            all.Position = 0;
            return all;
        }
        catch
        {
            await all.DisposeAsync();
            throw;
        }
    }, cancel);

    /// <summary>Makes an object.</summary>
    /// <returns><see langword="false"/>: another made it.</returns>
    public async Task<bool> PutAsync(string name, Stream content, CancellationToken cancel)
    {
        bool isUnknown = false;
        TimeSpan pause = FirstPause;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                if (await target.PutAsync(PathOf(name), content, cancel))
                    return true;
                return isUnknown && await IsOursAsync(name, content, cancel); // no two sealings of the same are equal
            }
            catch (SeguroException passing) when (passing.Code is ErrorCode.HarborUnavailable && attempt < Attempts)
            {
                isUnknown = true;
            }
            await Task.Delay(pause, time, cancel);
            pause += pause;
        }
    }

    public Task DeleteAsync(string name, CancellationToken cancel) => TryAsync(async () =>
    {
        await target.DeleteAsync(PathOf(name), cancel);
        return true;
    }, cancel);

    /// <summary>This very object is there, byte for byte.</summary>
    public Task<bool> IsThereAsync(string name, Stream content, CancellationToken cancel) => TryAsync(() => IsOursAsync(name, content, cancel), cancel);

    /// <summary>Where an exchange of recipients was ended between two of its steps, a copy lies aside that was read back whole before the other one went.</summary>
    private async Task<Stream> ReadAsync(string name, long? length, CancellationToken cancel)
    {
        try
        {
            return await target.GetAsync(PathOf(name), length, cancel);
        }
        catch (SeguroException missing) when (missing.Code is ErrorCode.NotFound && !name.StartsWith(ObjectName.Aside, StringComparison.Ordinal))
        {
            try
            {
                return await target.GetAsync(PathOf(ObjectName.Aside + name), length, cancel);
            }
            catch (SeguroException none) when (none.Code is ErrorCode.NotFound)
            {
                // It is said of its own name.
            }
            throw;
        }
    }

    private string PathOf(string name) => $"{id}/{name}";

    /// <summary>An object is what its name says, or it is another's.</summary>
    public static Manifest Checked(string name, Manifest manifest)
    {
        bool fits = manifest.Kind switch
        {
            ManifestKind.Segment => ObjectName.Segment(manifest.First) == name || ObjectName.MergedSegment(manifest.First, manifest.Last) == name,
            ManifestKind.Snapshot => ObjectName.SnapshotOf(name)?.Event == manifest.First,
            _ => name == ObjectName.Ship,
        };
        return fits ? manifest : throw AgeHeader.Bad($"it is another object under this name: the {manifest.Kind.ToString().ToLowerInvariant()} of events {manifest.First} to {manifest.Last}");
    }

    private async Task<bool> IsOursAsync(string name, Stream content, CancellationToken cancel)
    {
        await using Stream there = await target.GetAsync(PathOf(name), null, cancel);
        content.Position = 0;
        byte[] ours = new byte[64 << 10];
        byte[] theirs = new byte[64 << 10];
        while (true)
        {
            int read = await content.ReadAtLeastAsync(ours, ours.Length, throwOnEndOfStream: false, cancel);
            int same = await there.ReadAtLeastAsync(theirs, theirs.Length, throwOnEndOfStream: false, cancel);
            if (!ours.AsSpan(0, read).SequenceEqual(theirs.AsSpan(0, same)))
                return false;
            if (read < ours.Length)
                return true;
        }
    }

    private async Task<T> TryAsync<T>(Func<Task<T>> ask, CancellationToken cancel)
    {
        TimeSpan pause = FirstPause;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await ask();
            }
            catch (SeguroException passing) when (passing.Code is ErrorCode.HarborUnavailable && attempt < Attempts)
            {
            }
            catch (Exception broken) when (broken is IOException or System.Net.Http.HttpRequestException && broken is not EndOfStreamException)
            {
                if (attempt == Attempts)
                    throw new SeguroException(ErrorCode.HarborUnavailable, $"{target.Name}: {broken.Message}", "See that the server can be reached and is well.", broken);
            }
            await Task.Delay(pause, time, cancel);
            pause += pause;
        }
    }
}
