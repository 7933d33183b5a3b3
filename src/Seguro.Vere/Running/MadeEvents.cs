using System.Threading.Channels;
using Seguro.Core;
using Seguro.Piers;

namespace Seguro.Vere.Running;

/// <summary>
/// Tells of what a ship made, as soon as it says so, and at the end of all that it said nothing of. In protocol 2 the events are read from the pier;
/// in protocol 1 they come with the answer, before the
/// king logs them, and are kept in a file meanwhile (<see cref="PendingEvents"/>).
/// </summary>
sealed class MadeEvents(VereRunOptions options)
{
    private const int MostTogether = 64;
    private const long MostPending = 16 << 20;

    private readonly Channel<(EventNumber Number, ReadOnlyMemory<byte>? Payload)> _made =
        Channel.CreateUnbounded<(EventNumber, ReadOnlyMemory<byte>?)>(new UnboundedChannelOptions { SingleReader = true });
    private EventNumber _told = options.Head;

    /// <summary>The ship made this event. From one thread at a time; never waits.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="payload">Protocol 1: the event, which is in no log yet; otherwise it is committed in the pier. Its bytes belong to the callee.</param>
    public void See(EventNumber number, ReadOnlyMemory<byte>? payload) => _made.Writer.TryWrite((number, payload));

    /// <summary>No process is left.</summary>
    public void End() => _made.Writer.TryComplete();

    /// <summary>Tells until <see cref="End"/>, and then of the rest.</summary>
    /// <exception cref="SeguroException">The pier can't be read, or what is pending can't be kept.</exception>
    public async Task RunAsync()
    {
        Pier? pier = null;
        PendingEvents? pending = null;
        try
        {
            List<PierEvent> events = [];
            while (await _made.Reader.WaitToReadAsync())
            {
                EventNumber last = _told;
                events.Clear();
                while (events.Count < MostTogether && _made.Reader.TryRead(out (EventNumber Number, ReadOnlyMemory<byte>? Payload) made))
                {
                    last = made.Number;
                    if (made.Payload is { } payload)
                        events.Add(new PierEvent(made.Number, payload));
                }
                if (events.Count > 0)
                {
                    pending ??= PendingEvents.Create(options.Folder);
                    Tell(pending, events, last);
                    continue;
                }
                // Opened only now: at its start a worker may have begun a new epoch.
                pier ??= Follow();
                Tell(pier, last);
            }
            pier?.Dispose();
            pier = Follow();
            Tell(pier, pier.ReadLast());
        }
        finally
        {
            pier?.Dispose();
            pending?.Dispose();
        }
    }

    /// <summary>A snapshot that a killed worker was saving says nothing against the log.</summary>
    private Pier Follow() => Pier.Follow(options.Pier, EvidenceKinds.Patch);

    private void Tell(PendingEvents pending, List<PierEvent> events, EventNumber last)
    {
        if (pending.Length > MostPending)
        {
            using Pier pier = Follow();
            if (pier.ReadSettledLast() >= _told)
                pending.Clear();
        }
        pending.Append(events);
        options.Made([.. events]);
        _told = last;
    }

    private void Tell(Pier pier, EventNumber last)
    {
        List<PierEvent> events = [];
        foreach (PierEvent read in pier.Read(_told.Next, last))
        {
            events.Add(read with { Payload = read.Payload.ToArray() });
            if (events.Count == MostTogether || read.Number == last)
            {
                options.Made(events);
                events = [];
            }
        }
        _told = last > _told ? last : _told;
    }
}
