using System.CommandLine;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Configuration;
using Seguro.Vere.Running;

namespace Seguro.Cli.Commands.Ships;

/// <summary><c>seguro ship attach</c>: the terminal of a ship that a member runs on a stock vere.</summary>
internal static class ShipAttachCommand
{
    private const byte Detach = 0x1d; // Ctrl-]
    private static readonly Option<bool> View = new("--view") { Description = "Only look: nothing that is typed goes to the ship." };

    public static Command Create(Terminal terminal) =>
        new Command("attach", "The terminal of a ship that this member runs on a stock vere. Ctrl-] leaves it; the ship goes on. Several may look at a time.") { View, AdminTarget.Configuration }
            .Does(terminal, async (parse, cancel) =>
            {
                NodeConfiguration configuration = AdminTarget.ReadConfiguration(parse);
                if (configuration.ShipKind is not ShipKind.Vere)
                    throw new SeguroException(ErrorCode.Unsupported, $"{configuration.Ship} does not run on a vere (ship:kind), and has no terminal", "Read its events: `seguro log show`.");
                await using NetworkStream line = await TerminalLine.ConnectAsync(configuration.Folder, cancel);
                using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                using RawInput? raw = RawInput.TryBegin();
                if (raw is not null)
                {
                    terminal.Warn($"{configuration.Ship}: Ctrl-] leaves.");
                    await ResizeAsync(line);
                }
                using PosixSignalRegistration resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, signal =>
                {
                    signal.Cancel = true;
                    Task telling = ResizeAsync(line);
                });
                await using Stream input = terminal.OpenInput();
                await using Stream output = terminal.OpenRawOutput();
                Task<bool> typing = TypeAsync(input, line, parse.GetValue(View), over.Token);
                Task showing = line.CopyToAsync(output, over.Token);
                // Who pipes something in sees what comes of it until the ship ends, or Ctrl-C.
                bool hasLeft = await Task.WhenAny(typing, showing) == typing && await typing;
                if (!hasLeft)
                    await showing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await over.CancelAsync();
                return 0;
            });

    /// <summary>Sends what is typed. True where the user left, false at the input's end.</summary>
    private static async Task<bool> TypeAsync(Stream input, NetworkStream line, bool isView, CancellationToken over)
    {
        byte[] buffer = new byte[4096];
        try
        {
            for (int read = await input.ReadAsync(buffer, over); read > 0; read = await input.ReadAsync(buffer, over))
            {
                int end = buffer.AsSpan(0, read).IndexOf(Detach);
                if (!isView)
                    await TerminalLine.TypeAsync(line, buffer.AsMemory(0, end < 0 ? read : end), over);
                if (end >= 0)
                    return true;
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // The ship ended, or this does.
        }
        return false;
    }

    private static async Task ResizeAsync(NetworkStream line)
    {
        try
        {
            await TerminalLine.ResizeAsync(line, (ushort)Console.WindowWidth, (ushort)Console.WindowHeight, CancellationToken.None);
        }
        catch (Exception none) when (none is IOException or ObjectDisposedException or PlatformNotSupportedException)
        {
            // No window, or no ship any more.
        }
    }
}
