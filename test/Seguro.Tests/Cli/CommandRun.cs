using System.Text.Json;
using Seguro.Cli;
using Seguro.Cli.Output;

namespace Seguro.Tests.Cli;

/// <summary>One command line, run in this process, and what it printed.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Errors, byte[] Raw)
{
    /// <summary>The only line of JSON that it printed.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public static Task<CommandRun> OfAsync(params string[] args) => OfAsync([], args, TestContext.Current.CancellationToken);

    public static async Task<CommandRun> OfAsync(byte[] input, string[] args, CancellationToken cancel)
    {
        await using StringWriter output = new();
        await using StringWriter errors = new();
        using MemoryStream raw = new();
        Terminal terminal = new(output, errors, () => new MemoryStream(input), () => new Kept(raw), isInteractive: false);
        int code = await SeguroCommand.RunAsync(args, terminal, cancel);
        return new CommandRun(code, output.ToString(), errors.ToString(), raw.ToArray());
    }

    /// <summary>Asserts success, with what was printed as the message.</summary>
    public CommandRun Ok()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Errors}");
        return this;
    }

    /// <summary>Asserts an error: its code, exit code, words that the message must have, and that there is a next step.</summary>
    public CommandRun Fails(string code, int exitCode, params string[] words)
    {
        string all = Output + Errors;
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode}, not {exitCode}\n{all}");
        Assert.Contains(code, all, StringComparison.Ordinal);
        string flat = string.Join(' ', all.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.All(words, word => Assert.Contains(word, flat, StringComparison.OrdinalIgnoreCase));
        Assert.Contains("next", all, StringComparison.Ordinal);
        return this;
    }

    private sealed class Kept(MemoryStream stream) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => stream.Length;

        public override long Position { get => stream.Position; set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => stream.Write(buffer, offset, count);
    }
}
