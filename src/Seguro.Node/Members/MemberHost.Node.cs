using Seguro.Core;

namespace Seguro.Node.Members;

/// <content>What a member has to do with its node's lease, where ships' leases name the node's epochs.</content>
public sealed partial class MemberHost
{
    private NodeView _seen = NodeView.None;
    private volatile MemberOutput.Campaign? _campaigned;

    /// <summary>Whose log it is.</summary>
    internal Ship Ship => _options.Store.Ship;

    /// <summary>What it campaigned for last, in its node's name; it may hold it, or may have held it.</summary>
    internal Lease? Claim => _options.Node is not null && _campaigned is { } asked ? new Lease(asked.Expected.Term.Next, asked.Holder, 0, asked.Duration) : null;

    /// <summary>The node's view has changed in what can't wait.</summary>
    internal void SeeNode() => PostNode();

    /// <summary>Tells the member how its node stands, where that is news. What waits in the mailbox keeps the times that were true when it came there: who hangs finds them over.</summary>
    private bool PostNode()
    {
        if (_options.Node is not { } node)
            return false;
        lock (_hearing)
        {
            NodeView view = node.View;
            if (ReferenceEquals(view, _seen))
                return false;
            _seen = view;
            Post(new MemberInput.NodeSeen(node.ViewSince(view, _start)));
            return true;
        }
    }
}
