namespace Seguro.Core;

/// <summary>
/// What a member heard and has not seen in the log. Every member hears every datagram; the master makes events of them. Who takes over makes events of those that
/// are left here: none is lost with the old master, and none becomes two events.
/// </summary>
/// <remarks>
/// An event may come before its datagram (the master was faster): it then leaves a credit, which the datagram takes. Both sides are counted, not merely
/// noted: the same datagram sent twice by a peer is two ova. Bounded in number and in age.
/// </remarks>
internal sealed class Ingress(int most, TimeSpan age)
{
    private readonly LinkedList<(Ovum Ovum, TimeSpan Since)> _heard = new();
    private readonly Dictionary<uint, Queue<LinkedListNode<(Ovum, TimeSpan)>>> _byDigest = [];
    private readonly Dictionary<uint, int> _credits = [];
    private readonly Queue<(uint Digest, TimeSpan Since)> _creditAges = new();

    /// <summary>How many ova wait.</summary>
    public int Count => _heard.Count;

    /// <summary>An ovum was heard. False where it had to be dropped because too many wait.</summary>
    public bool Hear(Ovum ovum, TimeSpan now)
    {
        if (ovum.Digest != 0 && _credits.TryGetValue(ovum.Digest, out int credit))
        {
            if (credit == 1)
                _credits.Remove(ovum.Digest);
            else
                _credits[ovum.Digest] = credit - 1;
            return true;
        }
        if (_heard.Count >= most)
            return false;
        LinkedListNode<(Ovum, TimeSpan)> node = _heard.AddLast((ovum, now));
        if (ovum.Digest == 0)
            return true;
        if (!_byDigest.TryGetValue(ovum.Digest, out Queue<LinkedListNode<(Ovum, TimeSpan)>>? same))
            _byDigest.Add(ovum.Digest, same = new());
        same.Enqueue(node);
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
        if (_byDigest.TryGetValue(digest, out Queue<LinkedListNode<(Ovum, TimeSpan)>>? same))
        {
            _heard.Remove(same.Dequeue());
            if (same.Count == 0)
                _byDigest.Remove(digest);
            return;
        }
        if (!isRecent)
            return;
        if (_creditAges.Count >= most)
            Forgive();
        _credits[digest] = _credits.GetValueOrDefault(digest) + 1;
        _creditAges.Enqueue((digest, now));
    }

    /// <summary>Takes the oldest ova, to make events of them.</summary>
    public List<Ovum> Take(int count)
    {
        List<Ovum> taken = [];
        while (taken.Count < count && _heard.First is { } node)
        {
            taken.Add(node.Value.Ovum);
            Remove(node);
        }
        return taken;
    }

    /// <summary>Forgets what is older than the age; says how many ova that were. A master forgets none of those, only credits.</summary>
    public int Expire(TimeSpan now, bool keepHeard)
    {
        while (_creditAges.TryPeek(out (uint Digest, TimeSpan Since) oldest) && now - oldest.Since > age)
            Forgive();
        int expired = 0;
        while (!keepHeard && _heard.First is { } node && now - node.Value.Since > age)
        {
            Remove(node);
            expired++;
        }
        return expired;
    }

    private void Remove(LinkedListNode<(Ovum Ovum, TimeSpan Since)> node)
    {
        _heard.Remove(node);
        if (node.Value.Ovum.Digest is uint digest and not 0 && _byDigest.TryGetValue(digest, out Queue<LinkedListNode<(Ovum, TimeSpan)>>? same))
        {
            same.Dequeue(); // ova leave in the order in which they came, so this is the same node
            if (same.Count == 0)
                _byDigest.Remove(digest);
        }
    }

    private void Forgive()
    {
        uint digest = _creditAges.Dequeue().Digest;
        if (!_credits.TryGetValue(digest, out int credit))
            return; // taken by its datagram
        if (credit == 1)
            _credits.Remove(digest);
        else
            _credits[digest] = credit - 1;
    }
}
