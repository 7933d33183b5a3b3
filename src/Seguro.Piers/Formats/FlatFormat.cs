using Seguro.Core;

namespace Seguro.Piers;

/// <summary>All events in one environment, <c>.urb/log/data.mdb</c>: vere 1.0 to 2.12.</summary>
internal sealed class FlatFormat : LogFormat
{
    private FlatFormat()
    {
    }

    public static FlatFormat Instance { get; } = new();

    public override PierLayout Layout => PierLayout.Flat;

    public override byte MetaVersion => 1;

    public override VereVersion First => new(1, 0);

    public override VereVersion Last => new(2, 12);

    public override bool Is(LogMarks marks) => marks.MetaVersion == MetaVersion;

    public override IReadOnlyList<PierEpoch> Open(string log) => [PierEpoch.OpenFlat(log)];

    public override string Begin(string log, EventNumber baseNumber, string vereVersion) => baseNumber == EventNumber.None
        ? log
        : throw new SeguroException(
            ErrorCode.Unsupported,
            $"vere {vereVersion} keeps its whole log in one piece, and this one begins after event {baseNumber}",
            $"Write it for vere {EpochFormat.One.First} or later, with a snapshot of that event.");
}
