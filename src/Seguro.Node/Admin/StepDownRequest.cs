namespace Seguro.Node.Admin;

/// <summary>What <c>POST /stepdown</c> asks for.</summary>
/// <param name="To">Who is to be master; whoever is fit where left out.</param>
public sealed record StepDownRequest(string? To);
