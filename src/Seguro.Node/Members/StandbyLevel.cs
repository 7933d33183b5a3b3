namespace Seguro.Node.Members;

/// <summary>What a replica does with the events of a ship that runs on a stock vere; each level rests on the one before it.</summary>
public enum StandbyLevel
{
    /// <summary>They are durable in its pier, and their chain is verified.</summary>
    Recorded = 0,

    /// <summary>The stock vere computes them again in groups (<c>urbit play</c>).</summary>
    Replayed = 1,

    /// <summary>Moreover Seguro's own Nock machine computes each as it comes, and must come to the mug that the log says.</summary>
    Computed = 2,

    /// <summary>A stock worker computes each as it comes, and would be handed over.</summary>
    Hot = 3,
}
