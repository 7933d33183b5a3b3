using System.Globalization;
using System.Text;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers;

/// <summary>
/// The file <c>.urb/seguro.imported</c>: the log of this pier, whose ship was stopped, was put into a store, or given to a new cluster. A second
/// store that takes the same pier would let two clusters compute
/// one ship, and neither could see the other. vere does not know the file.
/// </summary>
/// <param name="Store">The store; <see langword="null"/> where the pier was given to a cluster that had none yet.</param>
/// <param name="Where">What its user called it, without secrets: a URL, or the cluster's folder.</param>
/// <param name="Through">The pier's last event then.</param>
/// <param name="At">When that was.</param>
public sealed record ImportedMark(StoreIdentity? Store, string Where, EventNumber Through, DateTimeOffset At)
{
    /// <summary>The file, relative to the pier.</summary>
    public const string File = ".urb/seguro.imported";

    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private const string NoStore = "-";
    private const int LongestText = 4096;

    /// <summary>The mark of a pier; <see langword="null"/> where it has none.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>; <see cref="ErrorCode.Corrupt"/>: it is none that Seguro writes.</exception>
    public static ImportedMark? Read(string pier)
    {
        string path = Path.Combine(pier, File);
        try
        {
            if (!Presence.IsFile(path))
                return null;
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[LongestText];
            string text = Encoding.UTF8.GetString(bytes, 0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
            return Parse(text) ?? throw new SeguroException(ErrorCode.Corrupt, $"{path} is none that Seguro writes", "Find out into which store the pier was imported; then remove the file.");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, refused);
        }
    }

    /// <summary>Marks a pier, durably; an older mark is replaced.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>.</exception>
    public void Write(string pier) => DurableFile.Write(Path.Combine(pier, File), Encoding.UTF8.GetBytes(ToString()), UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>Takes the mark away; where there is none, nothing happens.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static void Remove(string pier)
    {
        string path = Path.Combine(pier, File);
        try
        {
            if (!Presence.IsFile(path))
                return;
            System.IO.File.Delete(path);
            FolderSync.Flush(Path.GetDirectoryName(path)!);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(path, refused);
        }
    }

    /// <summary>Refuses a pier that was imported elsewhere before.</summary>
    /// <param name="pier">The pier.</param>
    /// <param name="store">The store that is to have it now; <see langword="null"/> where it is a new cluster's, which has none yet.</param>
    /// <param name="next">The commands for each way on.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ImportedElsewhere"/>; as <see cref="Read"/>.</exception>
    public static void Refuse(string pier, StoreIdentity? store, Func<ImportedMark, string> next)
    {
        ArgumentNullException.ThrowIfNull(next);
        if (Read(pier) is not { } mark || (store is not null && mark.Store == store))
            return;
        throw new SeguroException(
            ErrorCode.ImportedElsewhere,
            string.Create(CultureInfo.InvariantCulture, $"the pier {pier} {mark.What} at {mark.At.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture)}, with event {mark.Through}: two clusters of one ship would make two ships of it"),
            $"Nothing was changed. {next(mark)}");
    }

    /// <summary>What became of the pier, for people.</summary>
    public string What => Store is null ? $"was given to the cluster in {Where}" : $"was imported into {Where} (store {Store})";

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Store?.ToString() ?? NoStore} {Through} {At.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture)} {string.Concat(Where.Select(static c => char.IsControl(c) ? '?' : c))}\n");

    private static ImportedMark? Parse(string text)
    {
        if (text.TrimEnd('\n').Split(' ', 4) is not [var store, var number, var time, var where])
            return null;
        StoreIdentity? identity = StoreIdentity.TryParse(store, out StoreIdentity given) ? given : null;
        return (identity is not null || store == NoStore) && ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out ulong through)
            && DateTimeOffset.TryParseExact(time, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
                ? new ImportedMark(identity, where, new EventNumber(through), at)
                : null;
    }
}
