namespace Seguro.Core;

/// <summary>
/// What a member heard and has not seen in the log. Every member hears every datagram; the master makes events of them. Who takes over makes events of those that
/// are left here: none is lost with the old master, and none becomes two events.
/// </summary>
/// <remarks>
/// An event may come before its datagram (the master was faster): it then leaves a credit, which the datagram takes. Both sides are counted, not merely
/// noted: the same datagram sent twice by a peer is two ova. Bounded in number, in bytes and in age; who sends shares the room with others (<see cref="FairRoom"/>), and takes turns with them.
/// </remarks>
internal sealed class Ingress(MemberOptions options)
{
    private readonly FairRoom _room = new(options.MaxIngress, options.MaxIngressBytes, FairRoom.SeedOf(options.Candidate));
    private readonly Lane?[] _lanes = new Lane?[FairRoom.Lanes];
    private readonly Queue<Lane> _turns = new();
    private readonly Dictionary<uint, Queue<LinkedListNode<Waiting>>> _byDigest = [];
    private readonly LinkedList<Credit> _credits = new();
    private readonly Dictionary<uint, Queue<LinkedListNode<Credit>>> _creditsByDigest = [];
    private TimeSpan _oldest; // none of those that wait was heard before

    /// <summary>How many ova wait.</summary>
    public int Count => _room.Count;

    /// <summary>An ovum was heard. False where it had to be dropped because too many wait, or too many of its sender's.</summary>
    public bool Hear(Ovum ovum, TimeSpan now)
    {
        if (ovum.Digest != 0 && _creditsByDigest.TryGetValue(ovum.Digest, out Queue<LinkedListNode<Credit>>? credits))
        {
            Remove(credits.Peek());
            return true;
        }
        if (!_room.TryTake(ovum.Source, ovum.Bytes.Length))
            return false;
        Lane lane = _lanes[_room.LaneOf(ovum.Source)] ??= new Lane();
        LinkedListNode<Waiting> node = lane.Ova.AddLast(new Waiting(ovum, now));
        if (ovum.Digest != 0)
            Add(_byDigest, ovum.Digest, node);
        if (!lane.HasTurn)
            _turns.Enqueue(lane);
        lane.HasTurn = true;
        return true;
    }

    /// <summary>An event of the log came from an ovum of this digest.</summary>
    /// <param name="digest">The digest.</param>
    /// <param name="now">The time.</param>
    /// <param name="isRecent">
    /// The datagram may still come. An old event that is processed again, as after a restart, leaves no credit: it would swallow a new datagram of the same content, or
    /// push out newer credits.
    /// </param>
    public void SeenInLog(uint digest, TimeSpan now, bool isRecent = true)
    {
        if (digest == 0)
            return;
        if (_byDigest.TryGetValue(digest, out Queue<LinkedListNode<Waiting>>? same))
        {
            Remove(same.Peek());
            return;
        }
        if (!isRecent)
            return;
        if (_credits.Count >= options.MaxIngress)
            Remove(_credits.First!);
        Add(_creditsByDigest, digest, _credits.AddLast(new Credit(digest, now)));
    }

    /// <summary>Takes ova to make events of them: of each sender in turn, and of each the oldest first.</summary>
    public List<Ovum> Take(int count)
    {
        List<Ovum> taken = [];
        while (taken.Count < count && _turns.TryDequeue(out Lane? lane))
        {
            lane.HasTurn = false;
            if (lane.Ova.First is not { } node)
                continue; // the log took what was there
            taken.Add(node.Value.Ovum);
            Remove(node);
            lane.HasTurn = lane.Ova.Count > 0;
            if (lane.HasTurn)
                _turns.Enqueue(lane);
        }
        return taken;
    }

    /// <summary>Forgets what is older than the age; says how many ova that were. A master forgets none of those, only credits.</summary>
    public int Expire(TimeSpan now, bool keepHeard)
    {
        while (_credits.First is { } oldest && now - oldest.Value.Since > options.IngressAge)
            Remove(oldest);
        if (keepHeard || now - _oldest <= options.IngressAge)
            return 0;
        int before = _room.Count;
        _oldest = now;
        foreach (Lane? lane in _lanes)
        {
            while (lane?.Ova.First is { } node && now - node.Value.Since > options.IngressAge)
                Remove(node);
            if (lane?.Ova.First is { } first && first.Value.Since < _oldest)
                _oldest = first.Value.Since;
        }
        return before - _room.Count;
    }

    private void Remove(LinkedListNode<Waiting> node)
    {
        Ovum ovum = node.Value.Ovum;
        node.List!.Remove(node);
        _room.Return(ovum.Source, ovum.Bytes.Length);
        if (ovum.Digest != 0)
            Drop(_byDigest, ovum.Digest, node);
    }

    private void Remove(LinkedListNode<Credit> node)
    {
        _credits.Remove(node);
        Drop(_creditsByDigest, node.Value.Digest, node);
    }

    private static void Add<T>(Dictionary<uint, Queue<T>> byDigest, uint digest, T node)
    {
        if (!byDigest.TryGetValue(digest, out Queue<T>? same))
            byDigest.Add(digest, same = new());
        same.Enqueue(node);
    }

    // What leaves first came first, where a digest is one sender's; else it is looked for.
    private static void Drop<T>(Dictionary<uint, Queue<T>> byDigest, uint digest, T node)
        where T : class
    {
        Queue<T> same = byDigest[digest];
        if (same.Peek() == node)
            same.Dequeue();
        else
            byDigest[digest] = same = new(same.Where(other => other != node));
        if (same.Count == 0)
            byDigest.Remove(digest);
    }

    private readonly record struct Waiting(Ovum Ovum, TimeSpan Since);

    private readonly record struct Credit(uint Digest, TimeSpan Since);

    private sealed class Lane
    {
        public LinkedList<Waiting> Ova { get; } = new();

        public bool HasTurn { get; set; }
    }
}
