using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Testing;
using Seguro.Tests.Balancer;

namespace Seguro.Tests.Cli;

/// <summary><c>seguro balancer</c> as a user meets it: what it refuses, what it prints, what it measures.</summary>
public sealed class BalancerCommandTests
{
    [Fact]
    public async Task Says_what_is_wrong_with_its_options()
    {
        (await CommandRun.OfAsync("balancer", "--listen", "127.0.0.1:1")).Fails("SG2000", 2, "--key-file", "balancer.keys");
        (await CommandRun.OfAsync("balancer", "--listen", "127.0.0.1:1", "--key-file", "/none/such")).Fails("SG1012", 1, "/none/such");
        (await CommandRun.OfAsync("balancer", "--listen", "127.0.0.1:0", "--key-file", "/none/such")).Fails("SG2003", 2, "--inside");
        // The members' side is for one address, and that has to be named where it can't be known.
        (await CommandRun.OfAsync("balancer", "--listen", "0.0.0.0:1", "--key-file", "/none/such")).Fails("SG2000", 2, "--inside", "members' network");
        (await CommandRun.OfAsync("balancer", "--listen", "127.0.0.1:1", "--inside", "0.0.0.0:2", "--key-file", "/none/such")).Fails("SG2003", 2, "every address");
        (await CommandRun.OfAsync("balancer", "--listen", "127.0.0.1:1", "--inside", "[::]:2", "--key-file", "/none/such")).Fails("SG2003", 2, "every address");
        string noHost = new('x', 64); // longer than a name's part may be: no name server is asked, which would take its time where there is none
        (await CommandRun.OfAsync("balancer", "--listen", "127.0.0.1:1", "--inside", $"{noHost}:2", "--key-file", "/none/such")).Fails("SG2003", 2, noHost);
        (await CommandRun.OfAsync("balancer", "--listen", "127.0.0.1:1", "--members", "127.0.0.1:2", "--key-file", "/none/such")).Fails("SG2000", 2, "--nftables");
        (await CommandRun.OfAsync("balancer", "--listen", "here", "--nftables")).Fails("SG2003", 2, "'here'", "IP:PORT");
        (await CommandRun.OfAsync("balancer", "--listen", "::1", "--nftables")).Fails("SG2003", 2, "[::]:13337");
        (await CommandRun.OfAsync("balancer", "--listen", "127.0.0.1:1", "--nftables", "--members", "nowhere")).Fails("SG2003", 2, "'nowhere'", "HOST:PORT");
        (await CommandRun.OfAsync("balancer", "--listen", "127.0.0.1:1", "--key-file", "/none/such", "--stats", "-1")).Fails("SG2003", 2, "--stats");
    }

    [Fact]
    public async Task The_kernels_rules_need_definite_addresses_of_one_family()
    {
        (await CommandRun.OfAsync("balancer", "--nftables", "--listen", "0.0.0.0:1", "--members", "10.0.0.1:1")).Fails("SG2003", 2, "one public address");
        (await CommandRun.OfAsync("balancer", "--nftables", "--listen", "10.0.0.9:1")).Fails("SG2003", 2, "1 to 16 members");
        (await CommandRun.OfAsync("balancer", "--nftables", "--listen", "10.0.0.9:1", "--members", "[fd00::1]:1")).Fails("SG2003", 2, "family");
        (await CommandRun.OfAsync("balancer", "--nftables", "--listen", "10.0.0.9:1", "--members", "db1:1")).Fails("SG2003", 2, "'db1' is a name");
        (await CommandRun.OfAsync("balancer", "--nftables", "--listen", "10.0.0.9:1", "--members", "10.0.0.1:1", "10.0.0.1:2")).Fails("SG2003", 2, "10.0.0.1");
    }

    [Fact]
    public async Task The_kernels_rules_copy_for_all_but_the_last_member()
    {
        string rules = (await CommandRun.OfAsync("balancer", "--nftables", "--listen", "10.0.0.9:13337", "--members", "10.0.0.1:1", "10.0.0.2:2", "10.0.0.3:3")).Ok().Output;
        Assert.Contains("ip daddr 10.0.0.9 udp dport 13337 jump copies\n", rules, StringComparison.Ordinal);
        Assert.Contains(
            "    ip daddr set 10.0.0.1 udp dport set 1 dup to 10.0.0.1\n    ip daddr set 10.0.0.2 udp dport set 2 dup to 10.0.0.2\n    ip daddr set 10.0.0.3 udp dport set 3\n",
            rules,
            StringComparison.Ordinal);
        Assert.Contains("ip saddr 10.0.0.3 udp sport 3 ip saddr set 10.0.0.9 udp sport set 13337\n", rules, StringComparison.Ordinal);
        Assert.Contains("# What is lost", rules, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Runs_until_it_is_interrupted_and_prints_what_it_did(bool json)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["key"], BalancerBed.Ring.ToSecretText());
        File.SetUnixFileMode(folder["key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        HostAddress inside = new("localhost", FreePort.Next());
        int port = FreePort.Next();
        using Socket client = BalancerBed.NewSocket();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        string[] args = ["balancer", "--listen", $"127.0.0.1:{port}", "--inside", inside.ToString(), "--key-file", folder["key"], "--stats", "3600"];
        Task<CommandRun> running = CommandRun.OfAsync([], json ? [.. args, "--json"] : args, stop.Token);
        await using (BalancerLink link = BalancerLink.Open(new IPEndPoint(IPAddress.Loopback, 0), inside, static () => BalancerBed.Key(3), TimeProvider.System))
        {
            Task<IngressDatagram> heard = link.ReceiveAsync(new byte[BalancerFrame.MaxSize], TestContext.Current.CancellationToken).AsTask();
            while (!heard.IsCompleted)
            {
                Assert.False(running.IsCompleted, running.IsCompleted ? (await running).Errors : "");
                link.Announce(isMaster: false, Term.None);
                client.SendTo([1, 2, 3], new IPEndPoint(IPAddress.Loopback, port)); // until it listens
                await Task.WhenAny(heard, Task.Delay(20, TestContext.Current.CancellationToken));
            }
            Assert.Equal([1, 2, 3], (await heard).Payload.ToArray());
        }
        await stop.CancelAsync();
        CommandRun run = (await running).Ok();
        Assert.Equal(2, run.Output.Count(static letter => letter == '\n'));
        Assert.Contains(json ? "\"ready\":true,\"listen\":\"127.0.0.1:" : "come in at 127.0.0.1:", run.Output, StringComparison.Ordinal);
        Assert.Contains(json ? "\"oldTerm\":0" : "members 1, term 0; dropped: ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_counts_are_metrics()
    {
        await using BalancerBed bed = BalancerBed.Start(BalancerBed.NewSocket());
        HashSet<string> seen = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = static (instrument, self) =>
        {
            if (instrument.Meter.Name == "Seguro.Balancer")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => seen.Add(tags.Length == 0 ? instrument.Name : $"{instrument.Name} {tags[0].Value}"));
        listener.SetMeasurementEventCallback<int>((instrument, _, _, _) => seen.Add(instrument.Name));
        listener.Start();
        listener.RecordObservableInstruments();
        string[] wanted =
        [
            "seguro.balancer.datagrams", "seguro.balancer.copies", "seguro.balancer.released", "seguro.balancer.term", "seguro.balancer.members",
            "seguro.balancer.terms.refused", "seguro.balancer.terms.takenback", "seguro.balancer.dropped unknown_key", "seguro.balancer.dropped old_term", "seguro.balancer.dropped forged", "seguro.balancer.dropped public_overflow",
        ];
        Assert.Superset(new HashSet<string>(wanted), seen);
    }
}
