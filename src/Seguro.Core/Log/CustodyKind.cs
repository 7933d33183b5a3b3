namespace Seguro.Core;

/// <summary>Who may compute a ship's next event.</summary>
public enum CustodyKind
{
    /// <summary><c>none</c>: the ship was given back to a plain pier. Seguro keeps a copy, and knows nothing of who computes.</summary>
    None,

    /// <summary><c>mirrored</c>: a vere, beside which Seguro only copies. The ship may have computed more than the log has.</summary>
    Mirrored,

    /// <summary><c>gated</c>: a cluster, and nobody else. The log is exact.</summary>
    Gated,
}
