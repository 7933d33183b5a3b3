namespace Seguro.Vere.Protocol;

/// <summary>What king and worker speak; the worker's first message says which (vere-facts.md §5).</summary>
public enum VereProtocol
{
    /// <summary>vere 3.1 to 3.5 as far as Seguro goes (spoken since urbit 0.10.8): the king has the log and the clock.</summary>
    One = 1,

    /// <summary>vere 4.0 and later: the worker has the log and the clock.</summary>
    Two = 2,
}
