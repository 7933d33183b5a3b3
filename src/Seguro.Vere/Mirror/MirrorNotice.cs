namespace Seguro.Vere.Mirror;

/// <summary>Something that people should know.</summary>
/// <param name="IsWarning">They may have to do something.</param>
/// <param name="Text">What, as a full sentence.</param>
public sealed record MirrorNotice(bool IsWarning, string Text);
