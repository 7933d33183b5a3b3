namespace Seguro.Vere.Relay;

/// <summary>One of the two that a relay stands between.</summary>
/// <param name="Input">What it sends; read to the end, and closed by the pump.</param>
/// <param name="Output">What it is sent; closed by the pump.</param>
/// <param name="Exited">Its exit code, once the process has ended; not 0 where a signal ended it.</param>
public sealed record RelayEnd(Stream Input, Stream Output, Task<int> Exited);
