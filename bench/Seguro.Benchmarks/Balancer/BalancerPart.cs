using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Seguro.Balancer;

namespace Seguro.Benchmarks;

/// <summary>
/// Round trips a second of datagrams of 500 B, 64 in flight, on loopback: client → balancer → three members → (one of them) → balancer → client, beside a bare echo loop of
/// one socket, and beside a bare loop that copies to three and back without frames, MACs and terms.
/// </summary>
internal sealed class BalancerPart : IBenchmarkPart
{
    private const int Size = 500;
    private const int InFlight = 64;
    private const int Members = 3;
    private const int ManyShips = 1000;

    private TimeSpan _turn;

    public string Name => "balancer";

    public string Description => "Datagrams through the balancer to three members and back, beside bare loops of sockets.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        _turn = run.Options.Pick(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));
        (string Name, int Sends, Func<CancellationToken, Task<double>> Turn)[] contestants =
        [
            (Measurement.Bare, 2, EchoAsync),
            ("bare copies", 6, BareCopiesAsync),
            (Measurement.Seguro, 6, cancel => BalancerAsync(1, cancel)),
            ($"Seguro with {ManyShips} ships", 6, cancel => BalancerAsync(ManyShips, cancel)),
        ];
        List<double>[] results = [.. contestants.Select(static _ => new List<double>())];
        for (int round = -1; round < run.Options.Rounds; round++)
        {
            run.Say($"balancer: round {round + 1} of {run.Options.Rounds}");
            for (int index = 0; index < contestants.Length; index++)
            {
                double rate = await contestants[index].Turn(cancel);
                if (round >= 0) // the first warms up
                    results[index].Add(rate);
            }
        }
        run.Note("balancer: 'bare' is an echo loop of one socket; 'bare copies' copies to three members and back by two sockets, without frames, MACs and terms; with many ships, one of them is asked.");
        for (int index = 0; index < contestants.Length; index++)
        {
            double rate = Median.Of(results[index]);
            run.Add(new Measurement
            {
                Part = Name,
                Workload = $"round trips of {Size} B, {InFlight} in flight",
                Subject = "loopback",
                Contestant = contestants[index].Name,
                Parameters = new Dictionary<string, double> { [Parameter.Bytes] = Size, [Parameter.InFlight] = InFlight },
                EventsPerSecond = rate,
                More = new Dictionary<string, double> { ["datagrams/s, all hops"] = rate * contestants[index].Sends },
            });
        }
    }

    private async Task<double> EchoAsync(CancellationToken cancel)
    {
        using Socket echo = SocketLoops.NewSocket();
        using SocketLoops loops = new(cancel);
        loops.Start(echo, (buffer, size, from) => echo.SendTo(buffer.AsSpan(0, size), SocketFlags.None, from));
        return await Task.Run(() => Client((IPEndPoint)echo.LocalEndPoint!), cancel);
    }

    private async Task<double> BareCopiesAsync(CancellationToken cancel)
    {
        using Socket outside = SocketLoops.NewSocket();
        using Socket inside = SocketLoops.NewSocket();
        using SocketLoops loops = new(cancel);
        Socket[] members = [.. Enumerable.Range(0, Members).Select(_ => loops.Own(SocketLoops.NewSocket()))];
        SocketAddress[] addresses = [.. members.Select(static member => member.LocalEndPoint!.Serialize())];
        SocketAddress back = inside.LocalEndPoint!.Serialize();
        SocketAddress client = new(AddressFamily.InterNetwork);
        loops.Start(outside, (buffer, size, from) =>
        {
            from.Buffer.CopyTo(client.Buffer); // always the same client
            foreach (SocketAddress address in addresses)
                inside.SendTo(buffer.AsSpan(0, size), SocketFlags.None, address);
        });
        loops.Start(inside, (buffer, size, _) => outside.SendTo(buffer.AsSpan(0, size), SocketFlags.None, client));
        for (int index = 0; index < Members; index++)
        {
            Socket member = members[index];
            bool isMaster = index == 0;
            loops.Start(member, (buffer, size, _) =>
            {
                if (isMaster)
                    member.SendTo(buffer.AsSpan(0, size), SocketFlags.None, back);
            });
        }
        return await Task.Run(() => Client((IPEndPoint)outside.LocalEndPoint!), cancel);
    }

    private async Task<double> BalancerAsync(int ships, CancellationToken cancel)
    {
        KeyRing ring = new([.. Enumerable.Range(1, Members).Select(static number => new KeyRingEntry($"m{number}", MemberKey.Create(), null))]);
        using SocketLoops loops = new(cancel);
        Socket[] members = [.. Enumerable.Range(0, Members).Select(_ => loops.Own(SocketLoops.NewSocket()))];
        using UdpBalancer balancer = UdpBalancer.Bind(
            new BalancerOptions
            {
                Listen = new IPEndPoint(IPAddress.Loopback, 0),
                Inside = new IPEndPoint(IPAddress.Loopback, 0),
                Keys = () => ring,
                Ships = ships,
            },
            TimeProvider.System);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task running = balancer.RunAsync(stop.Token);
        SocketAddress back = balancer.Inside.Serialize();
        for (int index = 0; index < Members; index++)
        {
            Socket member = members[index];
            bool isMaster = index == 0;
            FrameSeal seal = loops.Own(new FrameSeal(ring.Entries[index].Key));
            JoinAsMember(member, seal, (ulong)index + 1, back);
            loops.Start(member, (buffer, size, _) =>
            {
                // Every member checks what it gets; the master answers from the same buffer.
                if (!BalancerFrame.TryRead(buffer.AsSpan(0, size), seal, out BalancerFrame frame, out FrameFault _) || !isMaster || frame.Kind != FrameKind.Ingress)
                    return;
                int answer = BalancerFrame.Complete(buffer, frame.Payload.Length, FrameKind.Egress, isMaster: false, 1, frame.Peer, seal);
                member.SendTo(buffer.AsSpan(0, answer), SocketFlags.None, back);
            });
        }
        double rate = await Task.Run(() => Client(balancer.Public), cancel);
        await stop.CancelAsync();
        await running;
        return rate;
    }

    // Once: a turn is shorter than the ten seconds after which a silent member is forgotten.
    private static void JoinAsMember(Socket member, FrameSeal seal, ulong life, SocketAddress balancer)
    {
        byte[] hello = new byte[BalancerFrame.HelloSize + BalancerFrame.Overhead];
        BitConverter.GetBytes(life).CopyTo(hello, BalancerFrame.HeaderSize);
        BitConverter.GetBytes(1UL).CopyTo(hello, BalancerFrame.HeaderSize + 8);
        BalancerFrame.Complete(hello, BalancerFrame.HelloSize, FrameKind.Hello, isMaster: life == 1, 1, default, seal);
        member.SendTo(hello, SocketFlags.None, balancer);
    }

    /// <summary>Keeps so many datagrams on the way for a turn; what is lost is sent anew after a silence.</summary>
    private double Client(IPEndPoint to)
    {
        using Socket socket = SocketLoops.NewSocket();
        socket.ReceiveTimeout = 100;
        SocketAddress target = to.Serialize();
        SocketAddress from = new(AddressFamily.InterNetwork);
        byte[] datagram = new byte[Size];
        byte[] buffer = new byte[2048];
        long answers = 0;
        Fill();
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < _turn)
        {
            try
            {
                socket.ReceiveFrom(buffer, SocketFlags.None, from);
                answers++;
                socket.SendTo(datagram, SocketFlags.None, target);
            }
            catch (SocketException)
            {
                Fill();
            }
        }
        return answers / Stopwatch.GetElapsedTime(start).TotalSeconds;

        void Fill()
        {
            for (int index = 0; index < InFlight; index++)
                socket.SendTo(datagram, SocketFlags.None, target);
        }
    }
}
