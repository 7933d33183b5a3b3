using System.Runtime.InteropServices;

namespace Seguro.Cli.Output;

/// <summary>This process's terminal as the programs want it that draw on it themselves: each key comes at once, none is shown or means a signal. As before on dispose.</summary>
internal sealed unsafe partial class RawInput : IDisposable
{
    private const int Descriptor = 0;
    private const int Now = 0;
    private const int StateSize = 256; // more than any system's struct termios

    private readonly byte[] _before = new byte[StateSize];

    private RawInput()
    {
    }

    /// <summary>Begins; <see langword="null"/> where standard input is no terminal.</summary>
    public static RawInput? TryBegin()
    {
        RawInput raw = new();
        byte[] state = new byte[StateSize];
        fixed (byte* before = raw._before, changed = state)
        {
            if (Get(Descriptor, before) != 0)
                return null;
            raw._before.CopyTo(state, 0);
            MakeRaw(changed);
            return Set(Descriptor, Now, changed) == 0 ? raw : null;
        }
    }

    public void Dispose()
    {
        fixed (byte* before = _before)
            _ = Set(Descriptor, Now, before);
    }

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    private static partial int Get(int descriptor, byte* state);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    private static partial int Set(int descriptor, int when, byte* state);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte* state);
}
