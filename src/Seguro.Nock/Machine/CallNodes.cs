using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>9: calls an arm of a core.</summary>
sealed class CallNode : Node
{
    private readonly ulong _path;
    private readonly Resumption _call;
    private Battery? _lastBattery;
    private Arm? _lastArm;

    public CallNode(ulong axis, Node core)
    {
        Axis = axis;
        _path = SlotNode.PathOf(axis);
        Core = core;
        _call = new Resumed(this);
    }

    public ulong Axis { get; }

    public Node Core { get; }

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (!Core.IsSimple)
        {
            machine.Push(_call, register, null);
            return Core;
        }
        register = Core.Eval(register);
        return Call(machine, ref register);
    }

    private Node? Call(NockMachine machine, ref Noun register)
    {
        machine.CountCall();
        // An arm that is not in the battery is a formula like any other.
        if ((_path & 1) != 0)
            return machine.Code.NodeOf(SlotNode.Down(register, _path));
        if (register is not Cell { HeadField: Cell formulas } core)
        {
            Crash();
            return null;
        }
        if (_lastBattery is null || !ReferenceEquals(_lastBattery.Noun, formulas))
        {
            // Both or, where there is no such arm, none.
            Battery battery = machine.Code.BatteryOf(formulas);
            (_lastArm, _lastBattery) = (battery.ArmOf(Axis), battery);
        }
        Arm arm = _lastArm!;
        if (arm.HasJet && core.TailField is Cell payload && machine.TryJet(arm, core, payload.HeadField) is Noun product)
        {
            register = product;
            return null;
        }
        machine.Options.Profile?.Enter(machine, arm, _lastBattery, Axis);
        return arm.Node;
    }

    private sealed class Resumed(CallNode node) : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register) => node.Call(machine, ref register);
    }
}

/// <summary>
/// <c>[8 gate 9 2 10 [6 sample] 0 2]</c>, which is how Hoon calls a gate: computes the gate and the sample, and calls without building more than a jet needs.
/// </summary>
sealed class SlamNode : Node
{
    private readonly Node _gate;
    private readonly Node _sample;
    private readonly bool _sampleSeesGate;
    private readonly Resumption _afterGate;
    private readonly Resumption _afterSample;
    private Battery? _lastBattery;
    private Arm? _lastArm;

    /// <summary>Makes the call.</summary>
    /// <param name="gate">The formula of the gate.</param>
    /// <param name="sample">The formula of the sample.</param>
    /// <param name="sampleSeesGate">Its subject is the cell of the gate and the subject; else just the subject.</param>
    public SlamNode(Node gate, Node sample, bool sampleSeesGate)
    {
        _gate = gate;
        _sample = sample;
        _sampleSeesGate = sampleSeesGate;
        _afterGate = new AfterGate(this);
        _afterSample = new AfterSample(this);
    }

    public override Node? Enter(NockMachine machine, ref Noun register)
    {
        if (!_gate.IsSimple)
        {
            machine.Push(_afterGate, register, null);
            return _gate;
        }
        return HasGate(machine, _gate.Eval(register), ref register);
    }

    private Node? HasGate(NockMachine machine, Noun gate, ref Noun register)
    {
        Noun subject = _sampleSeesGate ? new Cell(gate, register) : register;
        if (_sample.IsSimple)
            return Call(machine, gate, _sample.Eval(subject), ref register);
        machine.Push(_afterSample, gate, null);
        register = subject;
        return _sample;
    }

    private Node? Call(NockMachine machine, Noun gate, Noun sample, ref Noun register)
    {
        machine.CountCall();
        if (gate is not Cell { TailField: Cell payload } core || core.HeadField is not Cell formula)
        {
            Crash();
            return null;
        }
        if (_lastBattery is null || !ReferenceEquals(_lastBattery.Noun, formula))
        {
            // Both or, where that fails, none.
            Battery battery = machine.Code.BatteryOf(formula);
            (_lastArm, _lastBattery) = (battery.ArmOf(2), battery);
        }
        Arm arm = _lastArm!;
        if (arm.HasJet && machine.TryJet(arm, core, sample) is Noun product)
        {
            register = product;
            return null;
        }
        register = new Cell(formula, new Cell(sample, payload.TailField));
        machine.Options.Profile?.Enter(machine, arm, _lastBattery, 2);
        return arm.Node;
    }

    private sealed class AfterGate(SlamNode node) : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
        {
            Noun gate = register;
            register = frame.Saved;
            return node.HasGate(machine, gate, ref register);
        }
    }

    private sealed class AfterSample(SlamNode node) : Resumption
    {
        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register) => node.Call(machine, frame.Saved, register, ref register);
    }
}
