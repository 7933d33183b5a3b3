using Seguro.Core;

namespace Seguro.Piers;

/// <summary>
/// One of the ways in which veres keep a ship's events: recognized by its marks, opened, begun. It knows the files of the log and nothing of what lies around them
/// (<see cref="PierSurroundings"/>); whoever reads or writes events knows only this and <see cref="PierEpoch"/>.
/// </summary>
/// <remarks>Ways that Seguro does not know are recognized by <see cref="ForeignFormat"/>, before any of these is tried.</remarks>
internal abstract class LogFormat
{
    /// <summary>Those that Seguro reads and writes, from the oldest to the newest.</summary>
    public static IReadOnlyList<LogFormat> Known { get; } = [FlatFormat.Instance, EpochFormat.One, EpochFormat.Two];

    /// <summary>Its generation.</summary>
    public abstract PierLayout Layout { get; }

    /// <summary>What META's <c>version</c> says.</summary>
    public abstract byte MetaVersion { get; }

    /// <summary>The first vere that keeps it.</summary>
    public abstract VereVersion First { get; }

    /// <summary>The last vere that keeps it.</summary>
    public abstract VereVersion Last { get; }

    /// <summary>The format that the runtime of a version keeps.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: it is no version, or of a runtime whose format Seguro does not know.</exception>
    public static LogFormat Of(string vereVersion)
    {
        VereVersion? version = VereVersion.Parse(vereVersion);
        return Known.FirstOrDefault(format => version >= format.First && version?.Major <= format.Last.Major) ?? throw new SeguroException(
            ErrorCode.BadValue,
            version is null ? $"'{vereVersion}' is not the version of a vere" : $"how vere {version} keeps its log is not known to this Seguro",
            $"Name the vere that is to open the pier, {FlatFormat.Instance.First} to {VereVersion.Newest}: --vere {VereVersion.Newest}.");
    }

    /// <summary>A log with these marks is of this format.</summary>
    public abstract bool Is(LogMarks marks);

    /// <summary>Opens the environments, from the oldest to the newest; those without a <c>data.mdb</c>, and a newest one that was never finished, are left out.</summary>
    /// <param name="log">The folder <c>.urb/log</c>.</param>
    public abstract IReadOnlyList<PierEpoch> Open(string log);

    /// <summary>Makes the folders and small files of a new log; its environments are for the caller.</summary>
    /// <param name="log">The folder <c>.urb/log</c>, which exists.</param>
    /// <param name="baseNumber">The number before the first event.</param>
    /// <param name="vereVersion">The runtime that is to open it.</param>
    /// <returns>The folder of the environment that is to have the events: <paramref name="log"/> itself, or one in it, and then META belongs into both.</returns>
    public abstract string Begin(string log, EventNumber baseNumber, string vereVersion);
}
