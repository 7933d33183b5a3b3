using Seguro.Core;

namespace Seguro.Testing;

/// <summary>The part that a member's node has a hand in: its process is the member's, where the node holds several ships.</summary>
internal sealed partial class SimulatedMember
{
    private bool _hasBegun;

    /// <summary>The node that it is a part of, where that holds more ships.</summary>
    public SimulatedNode? Node { get; init; }

    /// <summary>Starts the process; that of a node with all its members.</summary>
    public void Start(IReadOnlyList<string> members)
    {
        Node?.Start();
        if (!IsUp)
            StartProcess(members);
    }

    /// <summary>Ends the process at once; that of a node with all its members.</summary>
    public void Crash()
    {
        if (Node is { IsUp: true } node)
            node.Crash();
        else
            EndProcess();
    }

    /// <summary>Stops the process for a while; that of a node with all its members.</summary>
    public void Pause(long ticks)
    {
        if (Node is { } node)
            node.Pause(ticks);
        else
            PauseProcess(ticks);
    }

    /// <summary>Lets it go on.</summary>
    public void Resume()
    {
        Node?.Resume();
        Resume(_life, force: true);
    }

    /// <summary>Its node says how things are.</summary>
    public void See(NodeView view)
    {
        if (_hasBegun)
            Deliver(_life, new MemberInput.NodeSeen(view));
    }
}
