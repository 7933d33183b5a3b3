using Seguro.Core;
using Seguro.Vere.Protocol;

namespace Seguro.Vere.Relay;

/// <summary>
/// What waits for the gate. Replies go in the order in which they came, each when its event is released; text goes when its event is released, and so many replies have gone as
/// tasks were with the worker when it came.
/// </summary>
internal sealed class HeldGifts
{
    private readonly Queue<HeldGift> _replies = [];
    private readonly Queue<HeldGift> _texts = [];

    /// <summary>Bytes of replies.</summary>
    public long ReplyBytes { get; private set; }

    /// <summary>Bytes of text.</summary>
    public long TextBytes { get; private set; }

    /// <summary>Replies to writs that have gone to the king.</summary>
    public long Gone { get; private set; }

    /// <summary>Has the worker's first message gone to the king?</summary>
    public bool HasRipeGone { get; private set; }

    /// <summary>Nothing waits.</summary>
    public bool IsEmpty => _replies.Count == 0 && _texts.Count == 0;

    /// <summary>Takes a reply, of which parts will follow.</summary>
    public void AddReply(HeldGift gift) => _replies.Enqueue(gift);

    /// <summary>Takes a text, of which parts will follow.</summary>
    public void AddText(HeldGift gift) => _texts.Enqueue(gift);

    /// <summary>Takes a part of the gift that came last, of replies or of texts; sends what may go.</summary>
    public void Add(HeldGift gift, NewtPiece piece, bool isText, EventNumber released, IList<RelayOutput> outputs)
    {
        // What goes at once need not be copied.
        bool goes = !isText && _replies.Peek() == gift && gift.After <= released;
        gift.Add(goes || piece.IsFirst ? piece.Bytes : piece.Bytes.ToArray(), piece.IsLast);
        if (isText)
            TextBytes += piece.Bytes.Length;
        else
            ReplyBytes += piece.Bytes.Length;
        Send(released, outputs);
    }

    /// <summary>Sends what may go.</summary>
    public void Send(EventNumber released, IList<RelayOutput> outputs)
    {
        // Never within a reply that has begun to go: what came before it, and may go, went before it.
        SendTexts(released, outputs);
        while (_replies.TryPeek(out HeldGift? reply) && reply.After <= released)
        {
            ReplyBytes -= reply.Bytes;
            reply.Send(outputs);
            // Nothing may come in between before its rest has gone.
            if (!reply.IsWhole)
                return;
            _replies.Dequeue();
            if (reply.IsReply)
                Gone++;
            else
                HasRipeGone = true;
            SendTexts(released, outputs);
        }
    }

    /// <summary>No more will come: forgets what is not whole, and text that waits for replies which are not there.</summary>
    public void End()
    {
        HeldGift[] replies = [.. _replies.Where(static reply => reply.IsWhole)];
        long last = Gone + replies.Count(static reply => reply.IsReply);
        HeldGift[] texts = [.. _texts.Where(text => text.IsWhole && text.Behind <= last)];
        Clear();
        foreach (HeldGift reply in replies)
            _replies.Enqueue(reply);
        foreach (HeldGift text in texts)
            _texts.Enqueue(text);
        ReplyBytes = replies.Sum(static reply => reply.Bytes);
        TextBytes = texts.Sum(static text => text.Bytes);
    }

    /// <summary>Forgets all of it.</summary>
    public void Clear()
    {
        _replies.Clear();
        _texts.Clear();
        ReplyBytes = TextBytes = 0;
    }

    private void SendTexts(EventNumber released, IList<RelayOutput> outputs)
    {
        while (_texts.TryPeek(out HeldGift? text) && text.IsWhole && text.After <= released && text.Behind <= Gone)
        {
            TextBytes -= text.Bytes;
            text.Send(outputs);
            _texts.Dequeue();
        }
    }
}
