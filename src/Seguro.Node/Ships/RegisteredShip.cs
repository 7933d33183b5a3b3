namespace Seguro.Node.Ships;

/// <summary>A ship of a cluster of nodes, as it was added: the body of <c>POST /ships</c>, and an event of the cluster's list of ships (<see cref="ShipRegistry"/>).</summary>
public sealed record RegisteredShip
{
    // Those that may be left out are not init-only: generated code that reads JSON gives every init-only one a value, and a default would be lost.

    /// <summary>The ship.</summary>
    public required string Ship { get; init; }

    /// <summary>As <c>ship:kind</c>: <c>nock</c> or <c>opaque</c>.</summary>
    public string Kind { get; set; } = "nock";

    /// <summary>As <c>ship:kernel</c>: <c>import</c> or <c>demo</c>.</summary>
    public string Kernel { get; set; } = "import";

    /// <summary>As <c>ship:fake</c>.</summary>
    public bool Fake { get; set; } = true;

    /// <summary>The node that is to begin its log, and that stands for mastership first; chosen where <see langword="null"/>, another for each ship in turn.</summary>
    public string? Master { get; init; }

    /// <summary>The optimism of its new cluster; the nodes' where <see langword="null"/>.</summary>
    public int? Optimism { get; init; }

    /// <summary>Its number, given when it is first added: no other ship of the cluster ever has it.</summary>
    public int Number { get; init; }
}
