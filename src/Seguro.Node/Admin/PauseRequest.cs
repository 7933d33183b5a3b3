namespace Seguro.Node.Admin;

/// <summary>What <c>POST /pause</c> and <c>POST /resume</c> ask for.</summary>
/// <param name="Why">Of a pause: why, for the status.</param>
/// <param name="Despite">Of a resumption: although the log was handed over to another cluster.</param>
public sealed record PauseRequest(string? Why, bool Despite);
