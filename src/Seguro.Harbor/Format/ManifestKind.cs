namespace Seguro.Harbor.Format;

/// <summary>What an object of a harbor holds.</summary>
public enum ManifestKind
{
    /// <summary>Whose log it is.</summary>
    Ship,

    /// <summary>Events.</summary>
    Segment,

    /// <summary>A file of a snapshot of vere's.</summary>
    Snapshot,
}
