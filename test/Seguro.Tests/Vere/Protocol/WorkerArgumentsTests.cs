using Seguro.Core;
using Seguro.Vere.Protocol;
using Xunit;

namespace Seguro.Tests.Vere.Protocol;

public class WorkerArgumentsTests
{
    private const string Common = "--snap-dir zod --runtime-config 128 --temporary-cache-size 50000 --loom 31 --toss 0 --persistent-cache-size 20000";
    private const string Work = $"work {Common} --snap-time 120 --lmdb-map-size 1099511627776";

    [Theory]
    [InlineData(Work, VereProtocol.Two)]
    [InlineData($"{Work} --play-until 4311199133 --ephemeral-file /swap", VereProtocol.Two)]
    [InlineData($"boot {Common} --lmdb-map-size 1099511627776", VereProtocol.Two)]
    [InlineData("serf zod a1:0:ffffffffffffffff:2 128 50000 31 0 0 0 20000", VereProtocol.One)]
    [InlineData("play --watch-replay --loom 31 --replay-to 0 --snap-at 0 zod", VereProtocol.One)]
    [InlineData("play --watch-replay --loom 31 --replay-to 0 --snap-at 0 -q --no-demand zod", VereProtocol.One)]
    public void What_a_king_gives_is_written_as_it_was(string line, VereProtocol protocol)
    {
        WorkerArguments arguments = WorkerArguments.Read(line.Split(' '));
        Assert.Equal(line.Split(' '), arguments.Write());
        Assert.Equal("zod", arguments.Pier);
        Assert.Equal(protocol, arguments.Protocol);
    }

    [Theory]
    [InlineData("", "no command")]
    [InlineData("prep zod", "'prep'")]
    [InlineData($"{Work} --gc-early", "'--gc-early'")]
    [InlineData($"{Work} -x 1", "'-x'")]
    [InlineData($"{Work} --loom 32", "--loom is given twice")]
    [InlineData($"{Work} --play-until", "--play-until has no value")]
    [InlineData($"{Work} --play-until x1", "--play-until is 'x1'")]
    [InlineData($"work {Common} --snap-time 4294968 --lmdb-map-size 1", "--snap-time is '4294968'")]
    [InlineData($"work {Common} --lmdb-map-size 1", "lacks --snap-time")]
    [InlineData($"boot {Common} --lmdb-map-size 1 --snap-time 1", "boot has no option '--snap-time'")]
    [InlineData("serf zod a1:0:0:2 128 50000 31 0 0 0", "8 parts")]
    [InlineData("serf zod a1:0:2 128 50000 31 0 0 0 1", "key")]
    [InlineData("serf zod a1:0:0:2 128 50000 31 0 0 x 1", "serf's toss is 'x'")]
    [InlineData("play --loom 31 zod", "--watch-replay")]
    public void What_is_not_known_is_refused_by_name(string line, string name)
    {
        SeguroException refused = Assert.Throws<SeguroException>(() => WorkerArguments.Read(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(ErrorCode.Unsupported, refused.Code);
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_worker_s_own_snapshots_can_be_put_off()
    {
        WorkerArguments.Mars mars = (WorkerArguments.Mars)WorkerArguments.Read(Work.Split(' '));
        Assert.Equal(Work.Replace("--snap-time 120", "--snap-time 4294967", StringComparison.Ordinal).Split(' '), mars.WithSnapTime(WorkerArguments.Mars.MaxSnapTime).Write());
        Assert.Equal("31", mars["--loom"]);
        Assert.Null(mars["--play-until"]);
    }
}
