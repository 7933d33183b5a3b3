namespace Seguro.Harbor.Format;

/// <summary>Room for bytes on their way: in memory where they are few, else in a file that goes when it is closed.</summary>
internal static class Scratch
{
    /// <summary>The most bytes that are held in memory, for each object on its way.</summary>
    public const long MostInMemory = 24 << 20;

    /// <summary>Makes room. Whoever gets it disposes of it.</summary>
    /// <param name="expected">How many bytes are to come, about.</param>
    public static Stream For(long expected) => expected <= MostInMemory
        ? new MemoryStream((int)expected)
        : new FileStream(
            Path.Combine(Path.GetTempPath(), $"seguro-{Path.GetRandomFileName()}"),
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.DeleteOnClose,
                BufferSize = 1 << 20,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
}
