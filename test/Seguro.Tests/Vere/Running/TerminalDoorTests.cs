using System.Net.Sockets;
using System.Text;
using Seguro.Testing;
using Seguro.Vere.Running;

namespace Seguro.Tests.Vere.Running;

/// <summary>A process with a terminal of its own, and who looks at it: real pseudo-terminals, real processes.</summary>
public sealed class TerminalDoorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("tty");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_typed_goes_to_the_process_and_what_it_shows_to_all_who_look_also_to_who_comes_later()
    {
        using PseudoTerminal terminal = PseudoTerminal.TryOpen()!;
        using TerminalDoor door = TerminalDoor.TryOpen(terminal, _folder.Path)!;
        ChildProcess shell = await ChildProcess.StartAsync("the shell", "sh", ["-c", "stty size; stty -echo; echo ready; while read line; do [ \"$line\" = size ] && stty size || echo \"got $line\"; done"], terminal);
        using PrintLog prints = new(_folder.Path);
        Task showing = prints.TakeAsync(terminal.Stream, shown => door.Show(shown.Span));

        await using NetworkStream one = await TerminalLine.ConnectAsync(_folder.Path, Cancel);
        string seen = await UntilAsync(one, "ready");
        Assert.Contains("24 80", seen, StringComparison.Ordinal);
        await using NetworkStream two = await TerminalLine.ConnectAsync(_folder.Path, Cancel);
        await UntilAsync(two, "ready");

        await TerminalLine.TypeAsync(two, "hello\r"u8.ToArray(), Cancel);
        await UntilAsync(one, "got hello");
        await UntilAsync(two, "got hello");
        await TerminalLine.ResizeAsync(one, 100, 40, Cancel);
        await TerminalLine.TypeAsync(one, "size\r"u8.ToArray(), Cancel);
        await UntilAsync(two, "40 100");

        await one.DisposeAsync(); // who leaves ends nothing
        await TerminalLine.TypeAsync(two, "again\r"u8.ToArray(), Cancel);
        await UntilAsync(two, "got again");
        shell.Kill();
        await shell.Exited;
        await showing;
        door.Dispose();
        Assert.Equal(0, await two.ReadAsync(new byte[1], Cancel));
        Assert.Contains("got hello", await File.ReadAllTextAsync(Path.Combine(_folder.Path, "vere.log"), Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_who_does_not_take_what_is_shown_is_let_go_and_holds_up_nobody()
    {
        using PseudoTerminal terminal = PseudoTerminal.TryOpen()!;
        using TerminalDoor door = TerminalDoor.TryOpen(terminal, _folder.Path)!;
        await using NetworkStream idle = await TerminalLine.ConnectAsync(_folder.Path, Cancel);
        door.Show("begin"u8);
        await UntilAsync(idle, "begin");
        byte[] much = new byte[64 << 10];
        for (int i = 0; i < 2000; i++)
            door.Show(much);
        door.Show("end"u8);
        long taken = 0;
        byte[] buffer = new byte[1 << 20];
        for (int read = await idle.ReadAsync(buffer, Cancel); read > 0; read = await idle.ReadAsync(buffer, Cancel))
            taken += read;
        Assert.InRange(taken, 1, (long)much.Length * 1000);
    }

    [Fact]
    public async Task More_than_eight_are_turned_away()
    {
        using PseudoTerminal terminal = PseudoTerminal.TryOpen()!;
        using TerminalDoor door = TerminalDoor.TryOpen(terminal, _folder.Path)!;
        door.Show("here"u8);
        List<NetworkStream> viewers = [];
        for (int i = 0; i < 8; i++)
        {
            viewers.Add(await TerminalLine.ConnectAsync(_folder.Path, Cancel));
            await UntilAsync(viewers[i], "here");
        }
        await using (NetworkStream ninth = await TerminalLine.ConnectAsync(_folder.Path, Cancel))
            await UntilAsync(ninth, "8 look at this ship already");
        foreach (NetworkStream viewer in viewers)
            await viewer.DisposeAsync();
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Reads until a text was shown; what was shown.</summary>
    private static async Task<string> UntilAsync(NetworkStream line, string text)
    {
        StringBuilder seen = new();
        byte[] buffer = new byte[4096];
        while (!seen.ToString().Contains(text, StringComparison.Ordinal))
        {
            int read = await line.ReadAsync(buffer, Cancel);
            Assert.True(read > 0, $"it ended with: {seen}");
            seen.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }
        return seen.ToString();
    }
}
