using Seguro.Core;
using Seguro.Vere.Protocol;

namespace Seguro.Vere.Relay;

/// <summary>The way from the king to the worker: tasks pass at once, but those that may write a snapshot, which wait until there is nothing that the gate holds.</summary>
internal sealed class Tasks(RelayOptions options)
{
    private static readonly byte[] SaveFrame = Newt.Frame(VereTask.Sync.Save.ToNoun());

    private readonly NewtReader _reader = new();
    private readonly Queue<Writ> _writs = [];
    private NewtPiece? _waiting;
    private Writ? _keeping;
    private bool _isOpen;
    private bool _isSaveWanted;

    /// <summary>Writs that were ever given to the worker.</summary>
    public long Given { get; private set; }

    /// <summary>Writs that are with the worker.</summary>
    public int Outstanding => _writs.Count;

    /// <summary>Was the worker told to end?</summary>
    public bool HasExited { get; private set; }

    /// <summary>Does the king's wish to end wait?</summary>
    public bool IsExitWaiting => _waiting is { } task && KindOf(task).IsExit;

    /// <summary>Is there room for more from the king?</summary>
    public bool MayRead => _waiting is null && _reader.Unread == 0;

    /// <summary>Protocol 1: bytes of tasks that are kept.</summary>
    public long Kept => _writs.Sum(static writ => writ.Kept);

    /// <summary>Takes bytes of the king's.</summary>
    public void Give(ReadOnlyMemory<byte> bytes) => _reader.Give(bytes);

    /// <summary>A snapshot is wanted.</summary>
    public void Save() => _isSaveWanted = options.Protocol is VereProtocol.Two;

    /// <summary>The writ that an answer of this name answers.</summary>
    public Writ Answered(ulong tag)
    {
        if (!_writs.TryDequeue(out Writ? writ))
            throw RelayMachine.Breach($"the worker answers {Tags.Text(tag)}, and nothing was asked");
        return writ.Tag == tag ? writ : throw RelayMachine.Breach($"the worker answers {Tags.Text(tag)}, and {Tags.Text(writ.Tag)} was asked");
    }

    /// <summary>Passes on what may pass.</summary>
    /// <param name="isQuiet">Has the king heard all that the worker has said?</param>
    /// <param name="outputs">Receives it.</param>
    public void Pump(bool isQuiet, IList<RelayOutput> outputs)
    {
        while (true)
        {
            bool isIdle = isQuiet && _writs.Count == 0;
            if (_isSaveWanted && !_isOpen && !HasExited)
            {
                if (!isIdle)
                    break;
                _isSaveWanted = false;
                outputs.Add(new RelayOutput.ToWorker(SaveFrame));
            }
            if (_waiting is null)
            {
                if (!_reader.TryRead(out NewtPiece piece))
                    break;
                if (!piece.IsFirst)
                {
                    Pass(piece, outputs);
                    continue;
                }
                _waiting = piece;
            }
            NewtPiece task = _waiting.Value;
            (bool isWrit, bool isBarrier, bool isExit, ulong tag) = KindOf(task);
            if (isBarrier ? !isIdle : isWrit && (_writs.Count >= options.MaxWrits || (_writs.Count > 0 && Kept >= options.MaxHeldBytes)))
                break;
            _waiting = null;
            HasExited |= isExit;
            _keeping = null;
            if (isWrit)
            {
                Writ writ = new(tag, keeps: tag == Tags.Work);
                _writs.Enqueue(writ);
                _keeping = writ;
                Given++;
            }
            Pass(task, outputs);
        }
        _reader.Keep();
    }

    private void Pass(NewtPiece piece, IList<RelayOutput> outputs)
    {
        _keeping?.Keep(piece, options.MaxEventBytes);
        _isOpen = !piece.IsLast;
        outputs.Add(new RelayOutput.ToWorker(piece.Bytes));
    }

    /// <summary>What a task is. One that is not known passes as it is; since it might be anything, it waits as one that writes a snapshot.</summary>
    private (bool IsWrit, bool IsBarrier, bool IsExit, ulong Tag) KindOf(NewtPiece task)
    {
        Span<ulong> atoms = stackalloc ulong[2];
        int count = JamHead.Read(task.Head, atoms);
        ulong tag = count > 0 ? atoms[0] : 0;
        bool isTwo = options.Protocol is VereProtocol.Two;
        return tag switch
        {
            Tags.Poke when isTwo => (true, false, false, tag),
            Tags.Work or Tags.Play when !isTwo => (true, false, false, tag),
            Tags.Peek or Tags.Quiz => (true, false, false, tag),
            Tags.Live when !isTwo && count > 1 && atoms[1] == Tags.Exit => (false, true, true, tag),
            Tags.Live => (true, true, false, tag),
            Tags.Exit when isTwo => (false, true, true, tag),
            _ => (false, true, false, tag),
        };
    }
}
