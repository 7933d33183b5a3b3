namespace Seguro.Harbor.Targets;

/// <summary>An object as a list shows it.</summary>
/// <param name="Name">Its name, from the target's own beginning.</param>
/// <param name="Size">Its size, in bytes.</param>
public readonly record struct TargetObject(string Name, long Size);
