namespace Seguro.Testing.Vere;

/// <summary>What the king asked of its worker and has no answer to.</summary>
enum WritKind
{
    /// <summary>An ovum.</summary>
    Poke,
    /// <summary>A question to the kernel.</summary>
    Peek,
    /// <summary>Housekeeping.</summary>
    Live,
    /// <summary>A question of memory.</summary>
    Quiz,
    /// <summary>The end, to which there is no answer but the worker's.</summary>
    Exit,
}
