using System.Buffers.Binary;
using System.Globalization;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Vere.Protocol;

namespace Seguro.Testing.Vere;

/// <summary>
/// <c>urbit work</c>, the worker of protocol 2 (vere-facts.md §5a): it has lock, log and snapshot, stamps ova with its clock, computes ahead of its commits, and lets a reply go once all
/// events up to it are durable, in the order of the tasks.
/// </summary>
sealed class WorkWorker : IDisposable
{
    private const int YoloFlag = 15;
    private readonly object _gate = new();
    private readonly VerePier _pier;
    private readonly Stream _output;
    private readonly WorkerShip _ship;
    private readonly Interrupts _interrupts = new();
    private readonly TimeSpan _between;
    private readonly Queue<(ulong After, byte[] Frame)> _gifts = [];
    private TimeSpan _due;
    private bool _isSaving;
    private bool _isExiting;

    /// <summary>Opens the pier, replays, and says <c>%ripe</c>.</summary>
    /// <exception cref="VereExit">vere would end; with 0 where it was to stop before the log's end.</exception>
    public WorkWorker(WorkerArguments.Mars arguments, Stream output)
    {
        _output = output;
        long mapSize = long.Parse(arguments["--lmdb-map-size"]!, CultureInfo.InvariantCulture);
        bool isYolo = ((uint.Parse(arguments["--runtime-config"]!, CultureInfo.InvariantCulture) >> YoloFlag) & 1) != 0;
        _between = TimeSpan.FromSeconds(uint.Parse(arguments["--snap-time"]!, CultureInfo.InvariantCulture));
        ulong until = ulong.Parse(arguments["--play-until"] ?? "0", CultureInfo.InvariantCulture);
        _pier = VerePier.Open(arguments.Pier, mapSize);
        try
        {
            _ship = Playback.Load(_pier, isYolo, slog => Send(new Cell(Cord.Of("slog"), slog)));
            Playback.Run(_pier, _ship, until, 0, isSoft: false, isYolo);
            if (_ship.Number < _pier.Head)
                throw new VereExit(0, $"mars: stopped at {_ship.Number}");
        }
        catch
        {
            _pier.Dispose();
            throw;
        }
        Noun identity = new Cell(Atom.Of(_pier.Identity.Who), Atom.Flag(_pier.Identity.IsFake));
        Send(new VereGift.Ripe(VereProtocol.Two, Atom.Zero, identity, new EventNumber(_ship.Number), _ship.Mug).ToNoun());
    }

    private static TimeSpan Elapsed => TimeSpan.FromMilliseconds(Environment.TickCount64);

    /// <summary>Works until it is told to end.</summary>
    /// <exception cref="VereExit">As vere ends: the king is gone, or the log can't be written.</exception>
    public void Run(Stream input)
    {
        TaskInbox tasks = new(input, _gate);
        EventCommits commits = new(_pier, _gate);
        _due = Elapsed + _between;
        while (true)
        {
            byte[] frame;
            bool isSafe;
            lock (_gate)
            {
                while (true)
                {
                    if (commits.Failure is { } failure)
                        throw VereExit.Failed(failure);
                    while (_gifts.TryPeek(out (ulong After, byte[] Frame) gift) && gift.After <= commits.Done)
                        Write(_gifts.Dequeue().Frame);
                    _isSaving |= Elapsed >= _due;
                    isSafe = commits.Done == _ship.Number;
                    frame = [];
                    if ((_isSaving || _isExiting) ? isSafe : tasks.TryTake(out frame))
                        break;
                    if (tasks.IsOver && !_isSaving && !_isExiting)
                        throw VereExit.Failed(tasks.Failure!);
                    TimeSpan left = _due - Elapsed;
                    Monitor.Wait(_gate, left > TimeSpan.FromHours(1) ? TimeSpan.FromHours(1) : left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1));
                }
            }
            if (frame.Length > 0)
            {
                Take(VereTask.Read(Cue.From(frame), VereProtocol.Two), commits);
                continue;
            }
            Playback.Save(_pier, _ship);
            if (_isExiting)
                return;
            Send(new VereGift.Synced(new EventNumber(_ship.Number), _ship.Mug).ToNoun());
            _isSaving = false;
            _due = Elapsed + _between;
        }
    }

    /// <summary>Lets go of the pier.</summary>
    public void Dispose()
    {
        _interrupts.Dispose();
        _pier.Dispose();
    }

    private void Take(VereTask task, EventCommits commits)
    {
        switch (task)
        {
            case VereTask.Poke poke:
                Poke(poke, commits);
                break;
            case VereTask.Peek peek:
                (bool isDone, Noun result) = _interrupts.Run(peek.Limit, cancel => (_ship.TryPeek(new Cell(peek.Gang, peek.Request), cancel, out Noun answer), answer));
                Give(new VereGift.Peeked(VereProtocol.Two, isDone, result));
                break;
            case VereTask.Live:
                Give(new VereGift.Lived(Atom.Zero));
                break;
            case VereTask.Quiz quiz:
                Give(new VereGift.Quizzed(new Cell(((Cell)quiz.Request).Head, Memory())));
                break;
            case VereTask.Sync:
                _isSaving = true;
                break;
            case VereTask.Exit:
                _isExiting = true;
                break;
            default:
                throw VereExit.Failed("mars: bad task");
        }
    }

    private void Poke(VereTask.Poke poke, EventCommits commits)
    {
        Noun now = Clock.Stamp();
        Poked poked = _interrupts.Run(poke.Limit, cancel => _ship.Poke(now, poke.Ovum, cancel));
        if (poked.Event is null)
        {
            Give(new VereGift.PokeFailed(VereProtocol.Two, NounList.Of([.. poked.Goofs])));
            return;
        }
        byte[] payload = Payload(_ship.Mug, poked.Event);
        lock (_gate)
            commits.Plan(payload);
        Give(new VereGift.Poked(poked.Effects));
    }

    /// <summary>An event as it lies in the log.</summary>
    public static byte[] Payload(uint mug, Noun made)
    {
        byte[] jam = Jam.ToBytes(made);
        byte[] payload = new byte[sizeof(uint) + jam.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(payload, mug);
        jam.CopyTo(payload.AsSpan(sizeof(uint)));
        return payload;
    }

    // A list of [name %& bytes]: vere's is a tree of what it keeps, and only its outermost shape is the same.
    private static Noun Memory() => NounList.Of(Cell.Of("heap", 0, (ulong)GC.GetTotalMemory(false)));

    private void Give(VereGift gift) => _gifts.Enqueue((_ship.Number, Newt.Frame(gift.ToNoun())));

    private void Send(Noun message) => Write(Newt.Frame(message));

    private void Write(byte[] frame)
    {
        _output.Write(frame);
        _output.Flush();
    }
}
