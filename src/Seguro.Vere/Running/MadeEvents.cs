using System.Threading.Channels;
using Seguro.Core;
using Seguro.Piers;

namespace Seguro.Vere.Running;

/// <summary>Reads from the pier what a ship made, as soon as it says so, and at the end all that it said nothing of.</summary>
sealed class MadeEvents(VereRunOptions options)
{
    private const int MostTogether = 64;

    private readonly Channel<EventNumber> _numbers = Channel.CreateUnbounded<EventNumber>(new UnboundedChannelOptions { SingleReader = true });
    private EventNumber _told = options.Head;

    /// <summary>The ship made this event: it is committed in the pier. From one thread at a time; never waits.</summary>
    public void See(EventNumber number) => _numbers.Writer.TryWrite(number);

    /// <summary>No process is left.</summary>
    public void End() => _numbers.Writer.TryComplete();

    /// <summary>Tells until <see cref="End"/>, and then of the rest.</summary>
    /// <exception cref="SeguroException">The pier can't be read.</exception>
    public async Task RunAsync()
    {
        Pier? pier = null;
        try
        {
            while (await _numbers.Reader.WaitToReadAsync())
            {
                EventNumber last = _told;
                while (_numbers.Reader.TryRead(out EventNumber number))
                    last = number;
                // Opened only now: at its start a worker may have begun a new epoch.
                pier ??= Pier.Follow(options.Pier);
                Tell(pier, last);
            }
            pier?.Dispose();
            pier = Pier.Follow(options.Pier);
            Tell(pier, pier.ReadLast());
        }
        finally
        {
            pier?.Dispose();
        }
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
