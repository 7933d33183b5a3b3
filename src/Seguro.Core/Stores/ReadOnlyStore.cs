namespace Seguro.Core;

/// <summary>What stores of files say to writes when they were opened for reading only.</summary>
public static class ReadOnlyStore
{
    /// <summary>The refusal.</summary>
    public static SeguroException Refuse(string path) => new(
        ErrorCode.Unsupported, $"{path} was opened for reading only", "Nothing was written. Open it without that to write.");
}
