using System.Net.Sockets;
using System.Text;
using Seguro.Sdk;

namespace Seguro.Samples;

/// <summary>
/// A service that numbers what it hears and says it back. An answer leaves when two other machines have it, so no machine's loss makes it give a number twice.
/// Each machine runs <see cref="FollowAsync"/>, and one of them <see cref="ServeAsync"/>.
/// </summary>
public sealed class Echo(SeguroLog log)
{
    private readonly Dictionary<string, int> _heard = [];
    private ulong _applied;

    /// <summary>The machine: the same events in the same order give the same answers, wherever they are computed.</summary>
    private string Apply(ulong number, ReadOnlySpan<byte> payload)
    {
        string text = Encoding.UTF8.GetString(payload);
        _heard[text] = _heard.GetValueOrDefault(text) + 1;
        _applied = number;
        return $"{number}: {text} ({_heard[text]})";
    }

    /// <summary>A replica: applies what is committed, and says how far it is.</summary>
    public async Task FollowAsync(CancellationToken cancel)
    {
        await foreach (LogEvent next in log.TailAsync(_applied + 1, cancel))
        {
            Apply(next.Number, next.Payload.Span);
            await log.AcknowledgeAsync(next.Number, cancel);
        }
    }

    /// <summary>The master: commit, then apply, then wait, then answer.</summary>
    public async Task ServeAsync(UdpClient socket, CancellationToken cancel)
    {
        await using SeguroWriter writer = await log.CampaignAsync(wait: true, cancel);
        using CancellationTokenSource mine = CancellationTokenSource.CreateLinkedTokenSource(cancel, writer.Lost);
        if (writer.Head > _applied)
        {
            // What others wrote before: a new master's state is what the log says, never what it remembers.
            await foreach (LogEvent past in log.ReadAsync(_applied + 1, writer.Head, mine.Token))
                Apply(past.Number, past.Payload.Span);
        }
        while (true)
        {
            UdpReceiveResult heard = await socket.ReceiveAsync(mine.Token);
            ulong number = await writer.AppendAsync(heard.Buffer);
            string answer = Apply(number, heard.Buffer);
            await log.WaitAsync(number, SafetyLevel.Processed(2), mine.Token);
            await socket.SendAsync(Encoding.UTF8.GetBytes(answer), heard.RemoteEndPoint, mine.Token);
        }
    }
}
