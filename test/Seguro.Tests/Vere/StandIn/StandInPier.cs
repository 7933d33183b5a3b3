using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;
using Seguro.Vere.Protocol;

namespace Seguro.Tests.Vere.StandIn;

/// <summary>Piers of the stand-in's own small kernel, and its king's and worker's usual beginnings.</summary>
sealed class StandInPier : IDisposable
{
    private readonly TemporaryFolder _folder = new("standin");
    private readonly UdpClient _peer = new(new IPEndPoint(IPAddress.Loopback, 0));

    /// <summary>What a king says when all its drivers are.</summary>
    public const string Live = "): live";

    public StandInPier(string version = "4.6") => Version = ("STANDIN_VERE_VERSION", version);

    public (string Name, string Value) Version { get; }

    public string Path => _folder["pier"];

    public string Log => System.IO.Path.Combine(Path, ".urb/log");

    public string Record => _folder["record"];

    public int AmesPort { get; } = FreePort.Next();

    public int HttpPort { get; } = FreePort.Next();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Boots the pier and stops it again.</summary>
    public async Task BootAsync()
    {
        (int code, string text) = await StandInVere.RunAsync(["-F", "zod", "-t", "-x", "-p", $"{AmesPort}", "--http-port", $"{HttpPort}", "-c", Path], Cancel, Version);
        Assert.True(code == 0, text);
    }

    /// <summary>Starts a king, and waits until the ship is live; its worker's frames are recorded.</summary>
    public async Task<StandInVere> LiveAsync(params string[] more)
    {
        StandInVere king = StartKing([("STANDIN_VERE_RECORD", Record)], more);
        await king.SaysAsync(Live, Cancel);
        return king;
    }

    /// <summary>Starts a king.</summary>
    public StandInVere StartKing(IEnumerable<(string, string)> environment, params string[] more) =>
        StandInVere.Start([.. more, "-t", "-p", $"{AmesPort}", "--http-port", $"{HttpPort}", Path], [Version, .. environment]);

    /// <summary>Runs a utility.</summary>
    public Task<(int Code, string Text)> UtilityAsync(params string[] arguments) => StandInVere.RunAsync([.. arguments, Path], Cancel, Version);

    /// <summary>Sends a datagram and says how many the ship has heard and processed, by its answer.</summary>
    public async Task<(ulong Datagrams, ulong Events)> AskAsync(string text)
    {
        await _peer.SendAsync(Encoding.UTF8.GetBytes(text), new IPEndPoint(IPAddress.Loopback, AmesPort), Cancel);
        UdpReceiveResult answer = await _peer.ReceiveAsync(Cancel);
        Assert.Equal(text, Encoding.UTF8.GetString(answer.Buffer[16..^1]));
        return (BitConverter.ToUInt64(answer.Buffer), BitConverter.ToUInt64(answer.Buffer, 8));
    }

    /// <summary>Sends a datagram that has no answer.</summary>
    public async Task TellAsync(string text) => await _peer.SendAsync(Encoding.UTF8.GetBytes(text), new IPEndPoint(IPAddress.Loopback, AmesPort), Cancel);

    /// <summary>The next datagram that comes.</summary>
    public async Task<byte[]> HearAsync() => (await _peer.ReceiveAsync(Cancel)).Buffer;

    /// <summary>The task for a datagram.</summary>
    public static VereTask.Poke Hear(string text) => new(0, Ovum(text));

    /// <summary>The ovum of a datagram.</summary>
    public static Noun Ovum(string text) => Cell.Of(NounList.Path("a", "ames"), "hear", new Cell(1, 0x1234_7f00_0001), Cord.Of(text));

    /// <summary>The frames that were recorded, each as <c>&gt;poke</c> or <c>&lt;poke</c>, and the message.</summary>
    public List<(string Name, Noun Message)> Recorded()
    {
        List<(string, Noun)> frames = [];
        byte[] file = File.ReadAllBytes(Record);
        for (int at = 0; at < file.Length;)
        {
            int length = BitConverter.ToInt32(file, at + 10);
            Noun message = Cue.From(file.AsSpan(at + 14, length));
            frames.Add(($"{(char)file[at]}{Cord.Text((Atom)((Cell)message).Head)}", message));
            at += 14 + length;
        }
        return frames;
    }

    /// <summary>The process number in <c>.vere.lock</c>.</summary>
    public int LockedBy() => int.Parse(File.ReadAllText(System.IO.Path.Combine(Path, ".vere.lock")), CultureInfo.InvariantCulture);

    /// <summary>Waits until nobody holds the pier. A process that was killed still does for a moment, also when it shows as ended already: its threads go one by one.</summary>
    public async Task FreeAsync()
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(5));
        while (Pier.FindHolder(Path).IsHeld)
            await timer.WaitForNextTickAsync(Cancel);
    }

    public void Dispose()
    {
        _peer.Dispose();
        _folder.Dispose();
    }
}
