; 68ab7ef3e8f17aa8 GUEST_START=0x10000 GUEST_END=0x7ffe0000
define range(i64 -1, 2147352577) i64 @string_move(i64 noundef %to, i64 noundef %from, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %cmp.i = icmp ugt i64 %n, 64
  %cmp.i3 = icmp ugt i64 %to, 2147352576
  br i1 %cmp.i, label %if.then.i, label %if.end.i

if.then.i:                                        ; preds = %entry
  %sub.i4 = sub i64 2147352576, %to
  %cmp1.i5 = icmp ugt i64 %n, %sub.i4
  %.not = or i1 %cmp.i3, %cmp1.i5
  br i1 %.not, label %move.exit, label %land.lhs.true.i

land.lhs.true.i:                                  ; preds = %if.then.i
  %cmp.i1 = icmp ugt i64 %from, 2147352576
  %sub.i2 = sub i64 2147352576, %from
  %cmp1.i = icmp ugt i64 %n, %sub.i2
  %.not15 = or i1 %cmp.i1, %cmp1.i
  br i1 %.not15, label %move.exit, label %cond.true.i

cond.true.i:                                      ; preds = %land.lhs.true.i
  %conv.i = trunc nuw nsw i64 %from to i32
  %conv3.i = trunc i64 %n to i32
  %call4.i = tail call fastcc i64 @move_many(i64 noundef %to, i32 noundef %conv.i, i32 noundef %conv3.i)
  br label %move.exit

if.end.i:                                         ; preds = %entry
  %cmp.i7 = icmp ugt i64 %from, 2147352576
  %or.cond = or i1 %cmp.i3, %cmp.i7
  br i1 %or.cond, label %move.exit, label %if.end10.i

if.end10.i:                                       ; preds = %if.end.i
  %conv11.i = trunc nuw nsw i64 %n to i32
  %conv12.i = trunc nuw nsw i64 %to to i32
  %0 = inttoptr i32 %conv12.i to ptr
  %conv14.i = trunc nuw nsw i64 %from to i32
  %1 = inttoptr i32 %conv14.i to ptr
  %cmp16.i = icmp samesign ugt i64 %n, 32
  br i1 %cmp16.i, label %if.then18.i, label %if.else.i

if.then18.i:                                      ; preds = %if.end10.i
  %2 = load <16 x i8>, ptr %1, align 1
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %1, i32 16
  %3 = load <16 x i8>, ptr %add.ptr.i, align 1
  %add.ptr21.i = getelementptr inbounds nuw i8, ptr %1, i32 %conv11.i
  %add.ptr22.i = getelementptr inbounds i8, ptr %add.ptr21.i, i32 -32
  %4 = load <16 x i8>, ptr %add.ptr22.i, align 1
  %add.ptr25.i = getelementptr inbounds i8, ptr %add.ptr21.i, i32 -16
  %5 = load <16 x i8>, ptr %add.ptr25.i, align 1
  store <16 x i8> %2, ptr %0, align 1
  %add.ptr27.i = getelementptr inbounds nuw i8, ptr %0, i32 16
  store <16 x i8> %3, ptr %add.ptr27.i, align 1
  %add.ptr28.i = getelementptr inbounds nuw i8, ptr %0, i32 %conv11.i
  %add.ptr29.i = getelementptr inbounds i8, ptr %add.ptr28.i, i32 -32
  store <16 x i8> %4, ptr %add.ptr29.i, align 1
  %add.ptr31.i = getelementptr inbounds i8, ptr %add.ptr28.i, i32 -16
  store <16 x i8> %5, ptr %add.ptr31.i, align 1
  br label %move.exit

if.else.i:                                        ; preds = %if.end10.i
  %cmp32.i = icmp samesign ugt i64 %n, 15
  br i1 %cmp32.i, label %if.then34.i, label %if.else43.i

if.then34.i:                                      ; preds = %if.else.i
  %6 = load <16 x i8>, ptr %1, align 1
  %add.ptr38.i = getelementptr inbounds nuw i8, ptr %1, i32 %conv11.i
  %add.ptr39.i = getelementptr inbounds i8, ptr %add.ptr38.i, i32 -16
  %7 = load <16 x i8>, ptr %add.ptr39.i, align 1
  store <16 x i8> %6, ptr %0, align 1
  %add.ptr41.i = getelementptr inbounds nuw i8, ptr %0, i32 %conv11.i
  %add.ptr42.i = getelementptr inbounds i8, ptr %add.ptr41.i, i32 -16
  store <16 x i8> %7, ptr %add.ptr42.i, align 1
  br label %move.exit

if.else43.i:                                      ; preds = %if.else.i
  %cmp44.i = icmp samesign ugt i64 %n, 7
  br i1 %cmp44.i, label %if.then46.i, label %if.else53.i

if.then46.i:                                      ; preds = %if.else43.i
  %8 = load i64, ptr %1, align 1
  %add.ptr49.i = getelementptr inbounds nuw i8, ptr %1, i32 %conv11.i
  %add.ptr50.i = getelementptr inbounds i8, ptr %add.ptr49.i, i32 -8
  %9 = load i64, ptr %add.ptr50.i, align 1
  store i64 %8, ptr %0, align 1
  %add.ptr51.i = getelementptr inbounds nuw i8, ptr %0, i32 %conv11.i
  %add.ptr52.i = getelementptr inbounds i8, ptr %add.ptr51.i, i32 -8
  store i64 %9, ptr %add.ptr52.i, align 1
  br label %move.exit

if.else53.i:                                      ; preds = %if.else43.i
  %cmp54.i = icmp samesign ugt i64 %n, 3
  br i1 %cmp54.i, label %if.then56.i, label %if.else63.i

if.then56.i:                                      ; preds = %if.else53.i
  %10 = load i32, ptr %1, align 1
  %add.ptr59.i = getelementptr inbounds nuw i8, ptr %1, i32 %conv11.i
  %add.ptr60.i = getelementptr inbounds i8, ptr %add.ptr59.i, i32 -4
  %11 = load i32, ptr %add.ptr60.i, align 1
  store i32 %10, ptr %0, align 1
  %add.ptr61.i = getelementptr inbounds nuw i8, ptr %0, i32 %conv11.i
  %add.ptr62.i = getelementptr inbounds i8, ptr %add.ptr61.i, i32 -4
  store i32 %11, ptr %add.ptr62.i, align 1
  br label %move.exit

if.else63.i:                                      ; preds = %if.else53.i
  %tobool64.not.i = icmp eq i64 %n, 0
  br i1 %tobool64.not.i, label %move.exit, label %if.then65.i

if.then65.i:                                      ; preds = %if.else63.i
  %12 = load i8, ptr %1, align 1
  %div132.i = lshr i32 %conv11.i, 1
  %arrayidx.i = getelementptr inbounds nuw i8, ptr %1, i32 %div132.i
  %13 = load i8, ptr %arrayidx.i, align 1
  %sub.i = add nsw i32 %conv11.i, -1
  %arrayidx69.i = getelementptr inbounds nuw i8, ptr %1, i32 %sub.i
  %14 = load i8, ptr %arrayidx69.i, align 1
  store i8 %12, ptr %0, align 1
  %arrayidx71.i = getelementptr inbounds nuw i8, ptr %0, i32 %div132.i
  store i8 %13, ptr %arrayidx71.i, align 1
  %arrayidx73.i = getelementptr inbounds nuw i8, ptr %0, i32 %sub.i
  store i8 %14, ptr %arrayidx73.i, align 1
  br label %move.exit

move.exit:                                        ; preds = %if.then.i, %land.lhs.true.i, %cond.true.i, %if.end.i, %if.then18.i, %if.then34.i, %if.then46.i, %if.then56.i, %if.else63.i, %if.then65.i
  %retval.0.i = phi i64 [ -1, %if.then.i ], [ -1, %if.end.i ], [ %to, %cond.true.i ], [ -1, %land.lhs.true.i ], [ %to, %if.then18.i ], [ %to, %if.then34.i ], [ %to, %if.then56.i ], [ %to, %if.then65.i ], [ %to, %if.else63.i ], [ %to, %if.then46.i ]
  ret i64 %retval.0.i
}

define range(i64 -1, 2147352577) i64 @string_set(i64 noundef %to, i64 noundef %value, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %cmp.i = icmp ugt i64 %to, 2147352576
  %sub.i = sub i64 2147352576, %to
  %cmp1.i = icmp ugt i64 %n, %sub.i
  %.not = or i1 %cmp.i, %cmp1.i
  br i1 %.not, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw nsw i64 %to to i32
  %0 = inttoptr i32 %conv to ptr
  %conv2 = trunc i64 %value to i8
  %conv3 = trunc i64 %n to i32
  %cmp = icmp ugt i32 %conv3, 15
  br i1 %cmp, label %if.then5, label %if.end29

if.then5:                                         ; preds = %if.end
  %cmp6 = icmp ugt i32 %conv3, 511
  br i1 %cmp6, label %if.then8, label %if.end10

if.then8:                                         ; preds = %if.then5
  %call9 = tail call fastcc i64 @set_many(i64 noundef %to, i8 noundef zeroext %conv2, i32 noundef %conv3)
  br label %return

if.end10:                                         ; preds = %if.then5
  %splat.splatinsert = insertelement <16 x i8> poison, i8 %conv2, i64 0
  %splat.splat = shufflevector <16 x i8> %splat.splatinsert, <16 x i8> poison, <16 x i32> zeroinitializer
  %add.ptr = getelementptr inbounds nuw i8, ptr %0, i32 %conv3
  %cmp11 = icmp samesign ugt i32 %conv3, 32
  br i1 %cmp11, label %if.then13, label %if.end27

if.then13:                                        ; preds = %if.end10
  %cmp14 = icmp samesign ugt i32 %conv3, 64
  br i1 %cmp14, label %if.then16, label %if.end24

if.then16:                                        ; preds = %if.then13
  %add.ptr17 = getelementptr inbounds i8, ptr %add.ptr, i32 -64
  br label %do.body

do.body:                                          ; preds = %do.body, %if.then16
  %d.0 = phi ptr [ %0, %if.then16 ], [ %add.ptr21, %do.body ]
  store <16 x i8> %splat.splat, ptr %d.0, align 1
  %add.ptr18 = getelementptr inbounds nuw i8, ptr %d.0, i32 16
  store <16 x i8> %splat.splat, ptr %add.ptr18, align 1
  %add.ptr19 = getelementptr inbounds nuw i8, ptr %d.0, i32 32
  store <16 x i8> %splat.splat, ptr %add.ptr19, align 1
  %add.ptr20 = getelementptr inbounds nuw i8, ptr %d.0, i32 48
  store <16 x i8> %splat.splat, ptr %add.ptr20, align 1
  %add.ptr21 = getelementptr inbounds nuw i8, ptr %d.0, i32 64
  %cmp22 = icmp ult ptr %add.ptr21, %add.ptr17
  br i1 %cmp22, label %do.body, label %if.end24

if.end24:                                         ; preds = %do.body, %if.then13
  %d.1 = phi ptr [ %0, %if.then13 ], [ %add.ptr17, %do.body ]
  %add.ptr25 = getelementptr inbounds nuw i8, ptr %d.1, i32 16
  store <16 x i8> %splat.splat, ptr %add.ptr25, align 1
  %add.ptr26 = getelementptr inbounds i8, ptr %add.ptr, i32 -32
  store <16 x i8> %splat.splat, ptr %add.ptr26, align 1
  br label %if.end27

if.end27:                                         ; preds = %if.end24, %if.end10
  %d.2 = phi ptr [ %d.1, %if.end24 ], [ %0, %if.end10 ]
  store <16 x i8> %splat.splat, ptr %d.2, align 1
  %add.ptr28 = getelementptr inbounds i8, ptr %add.ptr, i32 -16
  store <16 x i8> %splat.splat, ptr %add.ptr28, align 1
  br label %return

if.end29:                                         ; preds = %if.end
  %conv30 = and i64 %value, 255
  %mul = mul nuw i64 %conv30, 72340172838076673
  %cmp31 = icmp samesign ugt i32 %conv3, 7
  br i1 %cmp31, label %if.then33, label %if.else

if.then33:                                        ; preds = %if.end29
  store i64 %mul, ptr %0, align 1
  %add.ptr34 = getelementptr inbounds nuw i8, ptr %0, i32 %conv3
  %add.ptr35 = getelementptr inbounds i8, ptr %add.ptr34, i32 -8
  store i64 %mul, ptr %add.ptr35, align 1
  br label %return

if.else:                                          ; preds = %if.end29
  %cmp36 = icmp samesign ugt i32 %conv3, 3
  br i1 %cmp36, label %if.then38, label %if.else43

if.then38:                                        ; preds = %if.else
  %conv39 = trunc i64 %mul to i32
  store i32 %conv39, ptr %0, align 1
  %add.ptr41 = getelementptr inbounds nuw i8, ptr %0, i32 %conv3
  %add.ptr42 = getelementptr inbounds i8, ptr %add.ptr41, i32 -4
  store i32 %conv39, ptr %add.ptr42, align 1
  br label %return

if.else43:                                        ; preds = %if.else
  %tobool44.not = icmp eq i32 %conv3, 0
  br i1 %tobool44.not, label %return, label %if.then45

if.then45:                                        ; preds = %if.else43
  store i8 %conv2, ptr %0, align 1
  %div102 = lshr i32 %conv3, 1
  %arrayidx = getelementptr inbounds nuw i8, ptr %0, i32 %div102
  store i8 %conv2, ptr %arrayidx, align 1
  %1 = getelementptr i8, ptr %0, i32 %conv3
  %arrayidx46 = getelementptr i8, ptr %1, i32 -1
  store i8 %conv2, ptr %arrayidx46, align 1
  br label %return

return:                                           ; preds = %if.then8, %if.end27, %if.then38, %if.then45, %if.else43, %if.then33, %entry
  %retval.1 = phi i64 [ -1, %entry ], [ %to, %if.then8 ], [ %to, %if.end27 ], [ %to, %if.then38 ], [ %to, %if.then45 ], [ %to, %if.else43 ], [ %to, %if.then33 ]
  ret i64 %retval.1
}

define internal fastcc noundef i64 @set_many(i64 noundef returned %to, i8 noundef zeroext %c, i32 noundef range(i32 512, 0) %n) unnamed_addr noinline nounwind null_pointer_is_valid {
entry:
  %conv = trunc i64 %to to i32
  %0 = inttoptr i32 %conv to ptr
  %1 = load volatile i8, ptr %0, align 1
  store volatile i8 %1, ptr %0, align 1
  %or.i = or i32 %conv, 4095
  %add.i = add i32 %or.i, 1
  %add1.i = add i32 %n, %conv
  %cmp.i6 = icmp ult i32 %add.i, %add1.i
  br i1 %cmp.i6, label %for.body.i, label %touch_to_write.exit

for.body.i:                                       ; preds = %entry, %for.body.i
  %page.0.i7 = phi i32 [ %add2.i, %for.body.i ], [ %add.i, %entry ]
  %2 = inttoptr i32 %page.0.i7 to ptr
  %3 = load volatile i8, ptr %2, align 4096
  store volatile i8 %3, ptr %2, align 4096
  %add2.i = add i32 %page.0.i7, 4096
  %cmp.i = icmp ult i32 %add2.i, %add1.i
  br i1 %cmp.i, label %for.body.i, label %touch_to_write.exit

touch_to_write.exit:                              ; preds = %for.body.i, %entry
  tail call void @llvm.memset.p0.i32(ptr noundef align 1 %0, i8 %c, i32 %n, i1 false)
  ret i64 %to
}

define range(i64 -1, 4294967296) i64 @string_compare_bytes(i64 noundef %one, i64 noundef %other, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %cmp.i12 = icmp ugt i64 %one, 2147352576
  %sub.i13 = sub i64 2147352576, %one
  %cmp1.i14 = icmp ugt i64 %n, %sub.i13
  %.not = or i1 %cmp.i12, %cmp1.i14
  br i1 %.not, label %return, label %lor.lhs.false

lor.lhs.false:                                    ; preds = %entry
  %cmp.i = icmp ugt i64 %other, 2147352576
  %sub.i = sub i64 2147352576, %other
  %cmp1.i = icmp ugt i64 %n, %sub.i
  %.not50 = or i1 %cmp.i, %cmp1.i
  br i1 %.not50, label %return, label %if.end

if.end:                                           ; preds = %lor.lhs.false
  %tobool3.not = icmp eq i64 %n, 0
  br i1 %tobool3.not, label %return, label %cond.true

cond.true:                                        ; preds = %if.end
  %conv = trunc nuw nsw i64 %one to i32
  %conv4 = trunc nuw nsw i64 %other to i32
  %0 = inttoptr i32 %conv to ptr
  %1 = inttoptr i32 %conv4 to ptr
  br label %for.cond.i

for.cond.i:                                       ; preds = %cleanup108.i, %cond.true
  %b.0.i = phi ptr [ %1, %cond.true ], [ %b.6.i, %cleanup108.i ]
  %a.0.i = phi ptr [ %0, %cond.true ], [ %a.6.i, %cleanup108.i ]
  %n.addr.0.i = phi i64 [ %n, %cond.true ], [ %n.addr.3.i, %cleanup108.i ]
  %2 = ptrtoint ptr %a.0.i to i32
  %and.i20 = and i32 %2, 4095
  %sub.i21 = sub nuw nsw i32 4096, %and.i20
  %3 = ptrtoint ptr %b.0.i to i32
  %and.i = and i32 %3, 4095
  %sub.i19 = sub nuw nsw i32 4096, %and.i
  %cond.i = tail call i32 @llvm.umin.i32(i32 %sub.i21, i32 %sub.i19)
  %cmp.i16 = icmp samesign ugt i32 %cond.i, 15
  br i1 %cmp.i16, label %if.then.i, label %if.else.i

if.then.i:                                        ; preds = %for.cond.i
  %4 = load <16 x i8>, ptr %a.0.i, align 1
  %5 = load <16 x i8>, ptr %b.0.i, align 1
  %cmp.i28 = icmp ne <16 x i8> %4, %5
  %sext.i24 = sext <16 x i1> %cmp.i28 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i24)
  %tobool.not.i = icmp eq i32 %6, 0
  br i1 %tobool.not.i, label %if.end.i, label %if.then7.i

if.then7.i:                                       ; preds = %if.then.i
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %6, i1 true)
  %conv9.i = zext nneg i32 %7 to i64
  %cmp10.i = icmp ugt i64 %n.addr.0.i, %conv9.i
  br i1 %cmp10.i, label %cond.true.i, label %compare.exit

cond.true.i:                                      ; preds = %if.then7.i
  %arrayidx.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %7
  %8 = load i8, ptr %arrayidx.i, align 1
  %conv12.i = zext i8 %8 to i64
  %arrayidx13.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %7
  %9 = load i8, ptr %arrayidx13.i, align 1
  %conv14.i = zext i8 %9 to i64
  %sub.i17 = sub nsw i64 %conv12.i, %conv14.i
  br label %compare.exit

if.end.i:                                         ; preds = %if.then.i
  %cmp15.i = icmp ult i64 %n.addr.0.i, 17
  br i1 %cmp15.i, label %compare.exit, label %if.end18.i

if.end18.i:                                       ; preds = %if.end.i
  %conv19.i = zext nneg i32 %cond.i to i64
  %spec.select.i52 = tail call i64 @llvm.umin.i64(i64 %n.addr.0.i, i64 %conv19.i)
  %spec.select.i = trunc nuw nsw i64 %spec.select.i52 to i32
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %spec.select.i
  %add.ptr25.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 16
  %add.ptr26.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 16
  %cmp28.not.i70 = icmp samesign ult i64 %spec.select.i52, 80
  br i1 %cmp28.not.i70, label %while.end.i, label %land.rhs.i.preheader

land.rhs.i.preheader:                             ; preds = %if.end18.i
  %add.ptr27.i69 = getelementptr inbounds nuw i8, ptr %a.0.i, i32 80
  br label %land.rhs.i

land.rhs.i:                                       ; preds = %land.rhs.i.preheader, %while.body.i
  %add.ptr27.i73 = phi ptr [ %add.ptr27.i, %while.body.i ], [ %add.ptr27.i69, %land.rhs.i.preheader ]
  %a.1.i72 = phi ptr [ %add.ptr27.i73, %while.body.i ], [ %add.ptr25.i, %land.rhs.i.preheader ]
  %b.1.i71 = phi ptr [ %add.ptr34.i, %while.body.i ], [ %add.ptr26.i, %land.rhs.i.preheader ]
  %10 = load <16 x i8>, ptr %a.1.i72, align 1
  %11 = load <16 x i8>, ptr %b.1.i71, align 1
  %cmp.i35.i = icmp eq <16 x i8> %10, %11
  %add.ptr.i32 = getelementptr inbounds nuw i8, ptr %a.1.i72, i32 16
  %add.ptr1.i = getelementptr inbounds nuw i8, ptr %b.1.i71, i32 16
  %12 = load <16 x i8>, ptr %add.ptr.i32, align 1
  %13 = load <16 x i8>, ptr %add.ptr1.i, align 1
  %cmp.i28.i = icmp eq <16 x i8> %12, %13
  %add.ptr3.i = getelementptr inbounds nuw i8, ptr %a.1.i72, i32 32
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %b.1.i71, i32 32
  %14 = load <16 x i8>, ptr %add.ptr3.i, align 1
  %15 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %cmp.i21.i = icmp eq <16 x i8> %14, %15
  %add.ptr6.i = getelementptr inbounds nuw i8, ptr %a.1.i72, i32 48
  %add.ptr7.i = getelementptr inbounds nuw i8, ptr %b.1.i71, i32 48
  %16 = load <16 x i8>, ptr %add.ptr6.i, align 1
  %17 = load <16 x i8>, ptr %add.ptr7.i, align 1
  %cmp.i.i = icmp eq <16 x i8> %16, %17
  %18 = and <16 x i1> %cmp.i35.i, %cmp.i28.i
  %19 = and <16 x i1> %cmp.i21.i, %cmp.i.i
  %20 = and <16 x i1> %18, %19
  %elt.min.i = sext <16 x i1> %20 to <16 x i8>
  %21 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i18.not = icmp eq i32 %21, 0
  br i1 %tobool.not.i18.not, label %while.end.i, label %while.body.i

while.body.i:                                     ; preds = %land.rhs.i
  %add.ptr34.i = getelementptr inbounds nuw i8, ptr %b.1.i71, i32 64
  %add.ptr27.i = getelementptr inbounds nuw i8, ptr %add.ptr27.i73, i32 64
  %cmp28.not.i = icmp ugt ptr %add.ptr27.i, %add.ptr.i
  br i1 %cmp28.not.i, label %while.end.i, label %land.rhs.i

while.end.i:                                      ; preds = %while.body.i, %land.rhs.i, %if.end18.i
  %b.1.i.lcssa = phi ptr [ %add.ptr26.i, %if.end18.i ], [ %b.1.i71, %land.rhs.i ], [ %add.ptr34.i, %while.body.i ]
  %a.1.i.lcssa = phi ptr [ %add.ptr25.i, %if.end18.i ], [ %a.1.i72, %land.rhs.i ], [ %add.ptr27.i73, %while.body.i ]
  %cmp36.i.not77 = icmp ult ptr %a.1.i.lcssa, %add.ptr.i
  br i1 %cmp36.i.not77, label %while.body38.i.lr.ph, label %cleanup108.i

while.body38.i.lr.ph:                             ; preds = %while.end.i
  %sub.ptr.rhs.cast.i = ptrtoint ptr %add.ptr.i to i32
  br label %while.body38.i

while.body38.i:                                   ; preds = %while.body38.i.lr.ph, %cleanup.i
  %a.2.i79 = phi ptr [ %a.1.i.lcssa, %while.body38.i.lr.ph ], [ %add.ptr63.i, %cleanup.i ]
  %b.2.i78 = phi ptr [ %b.1.i.lcssa, %while.body38.i.lr.ph ], [ %add.ptr64.i, %cleanup.i ]
  %add.ptr39.i = getelementptr inbounds nuw i8, ptr %a.2.i79, i32 16
  %cmp40.i = icmp ugt ptr %add.ptr39.i, %add.ptr.i
  %sub.ptr.lhs.cast.i = ptrtoint ptr %add.ptr39.i to i32
  %sub.ptr.sub.neg.i = sub i32 %sub.ptr.rhs.cast.i, %sub.ptr.lhs.cast.i
  %cond46.neg.i = select i1 %cmp40.i, i32 %sub.ptr.sub.neg.i, i32 0
  %add.ptr47.i = getelementptr inbounds i8, ptr %a.2.i79, i32 %cond46.neg.i
  %add.ptr49.i = getelementptr inbounds i8, ptr %b.2.i78, i32 %cond46.neg.i
  %22 = load <16 x i8>, ptr %add.ptr47.i, align 1
  %23 = load <16 x i8>, ptr %add.ptr49.i, align 1
  %cmp.i25 = icmp ne <16 x i8> %22, %23
  %sext.i = sext <16 x i1> %cmp.i25 to <16 x i8>
  %24 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %tobool52.not.i = icmp eq i32 %24, 0
  br i1 %tobool52.not.i, label %cleanup.i, label %cleanup.i.thread

cleanup.i.thread:                                 ; preds = %while.body38.i
  %25 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %24, i1 true)
  %arrayidx57.i = getelementptr inbounds nuw i8, ptr %add.ptr47.i, i32 %25
  %26 = load i8, ptr %arrayidx57.i, align 1
  %conv58.i = zext i8 %26 to i64
  %arrayidx59.i = getelementptr inbounds nuw i8, ptr %add.ptr49.i, i32 %25
  %27 = load i8, ptr %arrayidx59.i, align 1
  %conv60.i = zext i8 %27 to i64
  %sub61.i = sub nsw i64 %conv58.i, %conv60.i
  br label %compare.exit

cleanup.i:                                        ; preds = %while.body38.i
  %add.ptr63.i = getelementptr inbounds nuw i8, ptr %add.ptr47.i, i32 16
  %add.ptr64.i = getelementptr inbounds nuw i8, ptr %add.ptr49.i, i32 16
  %cmp36.i.not = icmp ult ptr %add.ptr63.i, %add.ptr.i
  br i1 %cmp36.i.not, label %while.body38.i, label %cleanup108.i

if.else.i:                                        ; preds = %for.cond.i
  %conv72.i = zext nneg i32 %cond.i to i64
  %spec.select185.i51 = tail call i64 @llvm.umin.i64(i64 %n.addr.0.i, i64 %conv72.i)
  %spec.select185.i = trunc nuw nsw i64 %spec.select185.i51 to i32
  br label %for.body.i

for.cond79.i:                                     ; preds = %for.body.i
  %inc.i = add nuw nsw i32 %i78.0.i68, 1
  %exitcond.not = icmp eq i32 %inc.i, %spec.select185.i
  br i1 %exitcond.not, label %for.end.i, label %for.body.i

for.body.i:                                       ; preds = %if.else.i, %for.cond79.i
  %i78.0.i68 = phi i32 [ 0, %if.else.i ], [ %inc.i, %for.cond79.i ]
  %arrayidx82.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %i78.0.i68
  %28 = load i8, ptr %arrayidx82.i, align 1
  %arrayidx84.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %i78.0.i68
  %29 = load i8, ptr %arrayidx84.i, align 1
  %cmp86.not.i = icmp eq i8 %28, %29
  br i1 %cmp86.not.i, label %for.cond79.i, label %cleanup98.i.thread

cleanup98.i.thread:                               ; preds = %for.body.i
  %conv93.i = zext i8 %28 to i64
  %conv95.i = zext i8 %29 to i64
  %sub96.i = sub nsw i64 %conv93.i, %conv95.i
  br label %compare.exit

for.end.i:                                        ; preds = %for.cond79.i
  %add.ptr100.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %spec.select185.i
  %add.ptr101.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %spec.select185.i
  br label %cleanup108.i

cleanup108.i:                                     ; preds = %cleanup.i, %while.end.i, %for.end.i
  %b.6.i = phi ptr [ %add.ptr101.i, %for.end.i ], [ %b.1.i.lcssa, %while.end.i ], [ %add.ptr64.i, %cleanup.i ]
  %a.6.i = phi ptr [ %add.ptr100.i, %for.end.i ], [ %a.1.i.lcssa, %while.end.i ], [ %add.ptr63.i, %cleanup.i ]
  %spec.select.i52.pn = phi i64 [ %spec.select185.i51, %for.end.i ], [ %spec.select.i52, %while.end.i ], [ %spec.select.i52, %cleanup.i ]
  %n.addr.3.i = sub i64 %n.addr.0.i, %spec.select.i52.pn
  %tobool105.not.i.not = icmp eq i64 %n.addr.3.i, 0
  br i1 %tobool105.not.i.not, label %compare.exit, label %for.cond.i

compare.exit:                                     ; preds = %if.end.i, %cleanup108.i, %cleanup.i.thread, %if.then7.i, %cond.true.i, %cleanup98.i.thread
  %retval.7.i49 = phi i64 [ 0, %if.then7.i ], [ %sub96.i, %cleanup98.i.thread ], [ %sub61.i, %cleanup.i.thread ], [ %sub.i17, %cond.true.i ], [ 0, %cleanup108.i ], [ 0, %if.end.i ]
  %30 = and i64 %retval.7.i49, 4294967295
  br label %return

return:                                           ; preds = %compare.exit, %if.end, %entry, %lor.lhs.false
  %retval.0 = phi i64 [ -1, %entry ], [ -1, %lor.lhs.false ], [ %30, %compare.exit ], [ 0, %if.end ]
  ret i64 %retval.0
}

define range(i64 -1, 4294967296) i64 @string_compare(i64 noundef %one, i64 noundef %other) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %one, 2147352575
  %1 = icmp ugt i64 %other, 2147352575
  %or.cond57 = or i1 %0, %1
  br i1 %or.cond57, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw nsw i64 %one to i32
  %conv3 = trunc nuw nsw i64 %other to i32
  %2 = inttoptr i32 %conv to ptr
  %3 = inttoptr i32 %conv3 to ptr
  br label %for.cond.i

for.cond.i:                                       ; preds = %cleanup108.i, %if.end
  %b.0.i = phi ptr [ %3, %if.end ], [ %b.6.i, %cleanup108.i ]
  %a.0.i = phi ptr [ %2, %if.end ], [ %a.6.i, %cleanup108.i ]
  %n.addr.0.i = phi i64 [ -1, %if.end ], [ %n.addr.3.i, %cleanup108.i ]
  %4 = ptrtoint ptr %a.0.i to i32
  %and.i16 = and i32 %4, 4095
  %sub.i17 = sub nuw nsw i32 4096, %and.i16
  %5 = ptrtoint ptr %b.0.i to i32
  %and.i = and i32 %5, 4095
  %sub.i15 = sub nuw nsw i32 4096, %and.i
  %cond.i = tail call i32 @llvm.umin.i32(i32 %sub.i17, i32 %sub.i15)
  %cmp.i12 = icmp samesign ugt i32 %cond.i, 15
  br i1 %cmp.i12, label %if.then.i, label %if.else.i

if.then.i:                                        ; preds = %for.cond.i
  %6 = load <16 x i8>, ptr %a.0.i, align 1
  %7 = load <16 x i8>, ptr %b.0.i, align 1
  %cmp.i25 = icmp eq <16 x i8> %6, %7
  %sext.i26 = sext <16 x i1> %cmp.i25 to <16 x i8>
  %elt.min.i38 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i26, <16 x i8> %6)
  %cmp.i19 = icmp eq <16 x i8> %elt.min.i38, zeroinitializer
  %sext.i20 = sext <16 x i1> %cmp.i19 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i20)
  %tobool.not.i = icmp eq i32 %8, 0
  br i1 %tobool.not.i, label %if.end.i, label %if.then7.i

if.then7.i:                                       ; preds = %if.then.i
  %9 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %8, i1 true)
  %conv9.i = zext nneg i32 %9 to i64
  %cmp10.i = icmp ugt i64 %n.addr.0.i, %conv9.i
  br i1 %cmp10.i, label %cond.true.i, label %compare.exit

cond.true.i:                                      ; preds = %if.then7.i
  %arrayidx.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %9
  %10 = load i8, ptr %arrayidx.i, align 1
  %conv12.i = zext i8 %10 to i64
  %arrayidx13.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %9
  %11 = load i8, ptr %arrayidx13.i, align 1
  %conv14.i = zext i8 %11 to i64
  %sub.i13 = sub nsw i64 %conv12.i, %conv14.i
  br label %compare.exit

if.end.i:                                         ; preds = %if.then.i
  %cmp15.i = icmp ult i64 %n.addr.0.i, 17
  br i1 %cmp15.i, label %compare.exit, label %if.end18.i

if.end18.i:                                       ; preds = %if.end.i
  %conv19.i = zext nneg i32 %cond.i to i64
  %spec.select.i56 = tail call i64 @llvm.umin.i64(i64 %n.addr.0.i, i64 %conv19.i)
  %spec.select.i = trunc nuw nsw i64 %spec.select.i56 to i32
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %spec.select.i
  %add.ptr25.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 16
  %add.ptr26.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 16
  %cmp28.not.i75 = icmp samesign ult i64 %spec.select.i56, 80
  br i1 %cmp28.not.i75, label %while.end.i, label %land.rhs.i.preheader

land.rhs.i.preheader:                             ; preds = %if.end18.i
  %add.ptr27.i74 = getelementptr inbounds nuw i8, ptr %a.0.i, i32 80
  br label %land.rhs.i

land.rhs.i:                                       ; preds = %land.rhs.i.preheader, %while.body.i
  %add.ptr27.i78 = phi ptr [ %add.ptr27.i, %while.body.i ], [ %add.ptr27.i74, %land.rhs.i.preheader ]
  %a.1.i77 = phi ptr [ %add.ptr27.i78, %while.body.i ], [ %add.ptr25.i, %land.rhs.i.preheader ]
  %b.1.i76 = phi ptr [ %add.ptr34.i, %while.body.i ], [ %add.ptr26.i, %land.rhs.i.preheader ]
  %12 = load <16 x i8>, ptr %a.1.i77, align 1
  %13 = load <16 x i8>, ptr %b.1.i76, align 1
  %cmp.i35.i = icmp eq <16 x i8> %12, %13
  %sext.i36.i = sext <16 x i1> %cmp.i35.i to <16 x i8>
  %elt.min.i37 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i36.i, <16 x i8> %12)
  %add.ptr.i31 = getelementptr inbounds nuw i8, ptr %a.1.i77, i32 16
  %add.ptr1.i = getelementptr inbounds nuw i8, ptr %b.1.i76, i32 16
  %14 = load <16 x i8>, ptr %add.ptr.i31, align 1
  %15 = load <16 x i8>, ptr %add.ptr1.i, align 1
  %cmp.i28.i = icmp eq <16 x i8> %14, %15
  %sext.i29.i = sext <16 x i1> %cmp.i28.i to <16 x i8>
  %elt.min.i36 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i29.i, <16 x i8> %14)
  %add.ptr3.i = getelementptr inbounds nuw i8, ptr %a.1.i77, i32 32
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %b.1.i76, i32 32
  %16 = load <16 x i8>, ptr %add.ptr3.i, align 1
  %17 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %cmp.i21.i = icmp eq <16 x i8> %16, %17
  %sext.i22.i = sext <16 x i1> %cmp.i21.i to <16 x i8>
  %elt.min.i35 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i22.i, <16 x i8> %16)
  %add.ptr6.i = getelementptr inbounds nuw i8, ptr %a.1.i77, i32 48
  %add.ptr7.i = getelementptr inbounds nuw i8, ptr %b.1.i76, i32 48
  %18 = load <16 x i8>, ptr %add.ptr6.i, align 1
  %19 = load <16 x i8>, ptr %add.ptr7.i, align 1
  %cmp.i.i = icmp eq <16 x i8> %18, %19
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %elt.min.i34 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i.i, <16 x i8> %18)
  %elt.min.i33 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i37, <16 x i8> %elt.min.i36)
  %elt.min.i32 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i35, <16 x i8> %elt.min.i34)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i33, <16 x i8> %elt.min.i32)
  %20 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i14.not = icmp eq i32 %20, 0
  br i1 %tobool.not.i14.not, label %while.end.i, label %while.body.i

while.body.i:                                     ; preds = %land.rhs.i
  %add.ptr34.i = getelementptr inbounds nuw i8, ptr %b.1.i76, i32 64
  %add.ptr27.i = getelementptr inbounds nuw i8, ptr %add.ptr27.i78, i32 64
  %cmp28.not.i = icmp ugt ptr %add.ptr27.i, %add.ptr.i
  br i1 %cmp28.not.i, label %while.end.i, label %land.rhs.i

while.end.i:                                      ; preds = %while.body.i, %land.rhs.i, %if.end18.i
  %b.1.i.lcssa = phi ptr [ %add.ptr26.i, %if.end18.i ], [ %b.1.i76, %land.rhs.i ], [ %add.ptr34.i, %while.body.i ]
  %a.1.i.lcssa = phi ptr [ %add.ptr25.i, %if.end18.i ], [ %a.1.i77, %land.rhs.i ], [ %add.ptr27.i78, %while.body.i ]
  %cmp36.i.not82 = icmp ult ptr %a.1.i.lcssa, %add.ptr.i
  br i1 %cmp36.i.not82, label %while.body38.i.lr.ph, label %cleanup108.i

while.body38.i.lr.ph:                             ; preds = %while.end.i
  %sub.ptr.rhs.cast.i = ptrtoint ptr %add.ptr.i to i32
  br label %while.body38.i

while.body38.i:                                   ; preds = %while.body38.i.lr.ph, %cleanup.i
  %a.2.i84 = phi ptr [ %a.1.i.lcssa, %while.body38.i.lr.ph ], [ %add.ptr63.i, %cleanup.i ]
  %b.2.i83 = phi ptr [ %b.1.i.lcssa, %while.body38.i.lr.ph ], [ %add.ptr64.i, %cleanup.i ]
  %add.ptr39.i = getelementptr inbounds nuw i8, ptr %a.2.i84, i32 16
  %cmp40.i = icmp ugt ptr %add.ptr39.i, %add.ptr.i
  %sub.ptr.lhs.cast.i = ptrtoint ptr %add.ptr39.i to i32
  %sub.ptr.sub.neg.i = sub i32 %sub.ptr.rhs.cast.i, %sub.ptr.lhs.cast.i
  %cond46.neg.i = select i1 %cmp40.i, i32 %sub.ptr.sub.neg.i, i32 0
  %add.ptr47.i = getelementptr inbounds i8, ptr %a.2.i84, i32 %cond46.neg.i
  %add.ptr49.i = getelementptr inbounds i8, ptr %b.2.i83, i32 %cond46.neg.i
  %21 = load <16 x i8>, ptr %add.ptr47.i, align 1
  %22 = load <16 x i8>, ptr %add.ptr49.i, align 1
  %cmp.i21 = icmp eq <16 x i8> %21, %22
  %sext.i22 = sext <16 x i1> %cmp.i21 to <16 x i8>
  %elt.min.i39 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i22, <16 x i8> %21)
  %cmp.i18 = icmp eq <16 x i8> %elt.min.i39, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i18 to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %tobool52.not.i = icmp eq i32 %23, 0
  br i1 %tobool52.not.i, label %cleanup.i, label %cleanup.i.thread

cleanup.i.thread:                                 ; preds = %while.body38.i
  %24 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %23, i1 true)
  %arrayidx57.i = getelementptr inbounds nuw i8, ptr %add.ptr47.i, i32 %24
  %25 = load i8, ptr %arrayidx57.i, align 1
  %conv58.i = zext i8 %25 to i64
  %arrayidx59.i = getelementptr inbounds nuw i8, ptr %add.ptr49.i, i32 %24
  %26 = load i8, ptr %arrayidx59.i, align 1
  %conv60.i = zext i8 %26 to i64
  %sub61.i = sub nsw i64 %conv58.i, %conv60.i
  br label %compare.exit

cleanup.i:                                        ; preds = %while.body38.i
  %add.ptr63.i = getelementptr inbounds nuw i8, ptr %add.ptr47.i, i32 16
  %add.ptr64.i = getelementptr inbounds nuw i8, ptr %add.ptr49.i, i32 16
  %cmp36.i.not = icmp ult ptr %add.ptr63.i, %add.ptr.i
  br i1 %cmp36.i.not, label %while.body38.i, label %cleanup108.i

if.else.i:                                        ; preds = %for.cond.i
  %conv72.i = zext nneg i32 %cond.i to i64
  %spec.select185.i55 = tail call i64 @llvm.umin.i64(i64 %n.addr.0.i, i64 %conv72.i)
  %spec.select185.i = trunc nuw nsw i64 %spec.select185.i55 to i32
  br label %for.body.i

for.cond79.i:                                     ; preds = %for.body.i
  %inc.i = add nuw nsw i32 %i78.0.i73, 1
  %exitcond.not = icmp eq i32 %inc.i, %spec.select185.i
  br i1 %exitcond.not, label %for.end.i, label %for.body.i

for.body.i:                                       ; preds = %if.else.i, %for.cond79.i
  %i78.0.i73 = phi i32 [ 0, %if.else.i ], [ %inc.i, %for.cond79.i ]
  %arrayidx82.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %i78.0.i73
  %27 = load i8, ptr %arrayidx82.i, align 1
  %arrayidx84.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %i78.0.i73
  %28 = load i8, ptr %arrayidx84.i, align 1
  %cmp86.not.i = icmp ne i8 %27, %28
  %tobool90.not.i = icmp eq i8 %27, 0
  %or.cond = or i1 %tobool90.not.i, %cmp86.not.i
  br i1 %or.cond, label %cleanup98.i.thread, label %for.cond79.i

cleanup98.i.thread:                               ; preds = %for.body.i
  %conv93.i = zext i8 %27 to i64
  %conv95.i = zext i8 %28 to i64
  %sub96.i = sub nsw i64 %conv93.i, %conv95.i
  br label %compare.exit

for.end.i:                                        ; preds = %for.cond79.i
  %add.ptr100.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %spec.select185.i
  %add.ptr101.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %spec.select185.i
  br label %cleanup108.i

cleanup108.i:                                     ; preds = %cleanup.i, %while.end.i, %for.end.i
  %b.6.i = phi ptr [ %add.ptr101.i, %for.end.i ], [ %b.1.i.lcssa, %while.end.i ], [ %add.ptr64.i, %cleanup.i ]
  %a.6.i = phi ptr [ %add.ptr100.i, %for.end.i ], [ %a.1.i.lcssa, %while.end.i ], [ %add.ptr63.i, %cleanup.i ]
  %spec.select.i56.pn = phi i64 [ %spec.select185.i55, %for.end.i ], [ %spec.select.i56, %while.end.i ], [ %spec.select.i56, %cleanup.i ]
  %n.addr.3.i = sub i64 %n.addr.0.i, %spec.select.i56.pn
  %tobool105.not.i.not = icmp eq i64 %n.addr.3.i, 0
  br i1 %tobool105.not.i.not, label %compare.exit, label %for.cond.i

compare.exit:                                     ; preds = %if.end.i, %cleanup108.i, %cleanup.i.thread, %if.then7.i, %cond.true.i, %cleanup98.i.thread
  %retval.7.i54 = phi i64 [ 0, %if.then7.i ], [ %sub96.i, %cleanup98.i.thread ], [ %sub61.i, %cleanup.i.thread ], [ %sub.i13, %cond.true.i ], [ 0, %cleanup108.i ], [ 0, %if.end.i ]
  %conv5 = and i64 %retval.7.i54, 4294967295
  br label %return

return:                                           ; preds = %entry, %compare.exit
  %retval.0 = phi i64 [ %conv5, %compare.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 4294967296) i64 @string_compare_limited(i64 noundef %one, i64 noundef %other, i64 noundef %limit) nounwind null_pointer_is_valid {
entry:
  %tobool.not = icmp eq i64 %limit, 0
  br i1 %tobool.not, label %return, label %if.end

if.end:                                           ; preds = %entry
  %0 = icmp ugt i64 %one, 2147352575
  %1 = icmp ugt i64 %other, 2147352575
  %or.cond61 = or i1 %0, %1
  br i1 %or.cond61, label %return, label %if.end5

if.end5:                                          ; preds = %if.end
  %conv = trunc nuw nsw i64 %one to i32
  %conv6 = trunc nuw nsw i64 %other to i32
  %2 = inttoptr i32 %conv to ptr
  %3 = inttoptr i32 %conv6 to ptr
  br label %for.cond.i

for.cond.i:                                       ; preds = %cleanup108.i, %if.end5
  %b.0.i = phi ptr [ %3, %if.end5 ], [ %b.6.i, %cleanup108.i ]
  %a.0.i = phi ptr [ %2, %if.end5 ], [ %a.6.i, %cleanup108.i ]
  %n.addr.0.i = phi i64 [ %limit, %if.end5 ], [ %n.addr.3.i, %cleanup108.i ]
  %4 = ptrtoint ptr %a.0.i to i32
  %and.i20 = and i32 %4, 4095
  %sub.i21 = sub nuw nsw i32 4096, %and.i20
  %5 = ptrtoint ptr %b.0.i to i32
  %and.i = and i32 %5, 4095
  %sub.i19 = sub nuw nsw i32 4096, %and.i
  %cond.i = tail call i32 @llvm.umin.i32(i32 %sub.i21, i32 %sub.i19)
  %cmp.i16 = icmp samesign ugt i32 %cond.i, 15
  br i1 %cmp.i16, label %if.then.i, label %if.else.i

if.then.i:                                        ; preds = %for.cond.i
  %6 = load <16 x i8>, ptr %a.0.i, align 1
  %7 = load <16 x i8>, ptr %b.0.i, align 1
  %cmp.i29 = icmp eq <16 x i8> %6, %7
  %sext.i30 = sext <16 x i1> %cmp.i29 to <16 x i8>
  %elt.min.i42 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i30, <16 x i8> %6)
  %cmp.i23 = icmp eq <16 x i8> %elt.min.i42, zeroinitializer
  %sext.i24 = sext <16 x i1> %cmp.i23 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i24)
  %tobool.not.i = icmp eq i32 %8, 0
  br i1 %tobool.not.i, label %if.end.i, label %if.then7.i

if.then7.i:                                       ; preds = %if.then.i
  %9 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %8, i1 true)
  %conv9.i = zext nneg i32 %9 to i64
  %cmp10.i = icmp ugt i64 %n.addr.0.i, %conv9.i
  br i1 %cmp10.i, label %cond.true.i, label %compare.exit

cond.true.i:                                      ; preds = %if.then7.i
  %arrayidx.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %9
  %10 = load i8, ptr %arrayidx.i, align 1
  %conv12.i = zext i8 %10 to i64
  %arrayidx13.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %9
  %11 = load i8, ptr %arrayidx13.i, align 1
  %conv14.i = zext i8 %11 to i64
  %sub.i17 = sub nsw i64 %conv12.i, %conv14.i
  br label %compare.exit

if.end.i:                                         ; preds = %if.then.i
  %cmp15.i = icmp ult i64 %n.addr.0.i, 17
  br i1 %cmp15.i, label %compare.exit, label %if.end18.i

if.end18.i:                                       ; preds = %if.end.i
  %conv19.i = zext nneg i32 %cond.i to i64
  %spec.select.i60 = tail call i64 @llvm.umin.i64(i64 %n.addr.0.i, i64 %conv19.i)
  %spec.select.i = trunc nuw nsw i64 %spec.select.i60 to i32
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %spec.select.i
  %add.ptr25.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 16
  %add.ptr26.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 16
  %cmp28.not.i79 = icmp samesign ult i64 %spec.select.i60, 80
  br i1 %cmp28.not.i79, label %while.end.i, label %land.rhs.i.preheader

land.rhs.i.preheader:                             ; preds = %if.end18.i
  %add.ptr27.i78 = getelementptr inbounds nuw i8, ptr %a.0.i, i32 80
  br label %land.rhs.i

land.rhs.i:                                       ; preds = %land.rhs.i.preheader, %while.body.i
  %add.ptr27.i82 = phi ptr [ %add.ptr27.i, %while.body.i ], [ %add.ptr27.i78, %land.rhs.i.preheader ]
  %a.1.i81 = phi ptr [ %add.ptr27.i82, %while.body.i ], [ %add.ptr25.i, %land.rhs.i.preheader ]
  %b.1.i80 = phi ptr [ %add.ptr34.i, %while.body.i ], [ %add.ptr26.i, %land.rhs.i.preheader ]
  %12 = load <16 x i8>, ptr %a.1.i81, align 1
  %13 = load <16 x i8>, ptr %b.1.i80, align 1
  %cmp.i35.i = icmp eq <16 x i8> %12, %13
  %sext.i36.i = sext <16 x i1> %cmp.i35.i to <16 x i8>
  %elt.min.i41 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i36.i, <16 x i8> %12)
  %add.ptr.i35 = getelementptr inbounds nuw i8, ptr %a.1.i81, i32 16
  %add.ptr1.i = getelementptr inbounds nuw i8, ptr %b.1.i80, i32 16
  %14 = load <16 x i8>, ptr %add.ptr.i35, align 1
  %15 = load <16 x i8>, ptr %add.ptr1.i, align 1
  %cmp.i28.i = icmp eq <16 x i8> %14, %15
  %sext.i29.i = sext <16 x i1> %cmp.i28.i to <16 x i8>
  %elt.min.i40 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i29.i, <16 x i8> %14)
  %add.ptr3.i = getelementptr inbounds nuw i8, ptr %a.1.i81, i32 32
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %b.1.i80, i32 32
  %16 = load <16 x i8>, ptr %add.ptr3.i, align 1
  %17 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %cmp.i21.i = icmp eq <16 x i8> %16, %17
  %sext.i22.i = sext <16 x i1> %cmp.i21.i to <16 x i8>
  %elt.min.i39 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i22.i, <16 x i8> %16)
  %add.ptr6.i = getelementptr inbounds nuw i8, ptr %a.1.i81, i32 48
  %add.ptr7.i = getelementptr inbounds nuw i8, ptr %b.1.i80, i32 48
  %18 = load <16 x i8>, ptr %add.ptr6.i, align 1
  %19 = load <16 x i8>, ptr %add.ptr7.i, align 1
  %cmp.i.i = icmp eq <16 x i8> %18, %19
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %elt.min.i38 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i.i, <16 x i8> %18)
  %elt.min.i37 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i41, <16 x i8> %elt.min.i40)
  %elt.min.i36 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i39, <16 x i8> %elt.min.i38)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i37, <16 x i8> %elt.min.i36)
  %20 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i18.not = icmp eq i32 %20, 0
  br i1 %tobool.not.i18.not, label %while.end.i, label %while.body.i

while.body.i:                                     ; preds = %land.rhs.i
  %add.ptr34.i = getelementptr inbounds nuw i8, ptr %b.1.i80, i32 64
  %add.ptr27.i = getelementptr inbounds nuw i8, ptr %add.ptr27.i82, i32 64
  %cmp28.not.i = icmp ugt ptr %add.ptr27.i, %add.ptr.i
  br i1 %cmp28.not.i, label %while.end.i, label %land.rhs.i

while.end.i:                                      ; preds = %while.body.i, %land.rhs.i, %if.end18.i
  %b.1.i.lcssa = phi ptr [ %add.ptr26.i, %if.end18.i ], [ %b.1.i80, %land.rhs.i ], [ %add.ptr34.i, %while.body.i ]
  %a.1.i.lcssa = phi ptr [ %add.ptr25.i, %if.end18.i ], [ %a.1.i81, %land.rhs.i ], [ %add.ptr27.i82, %while.body.i ]
  %cmp36.i.not86 = icmp ult ptr %a.1.i.lcssa, %add.ptr.i
  br i1 %cmp36.i.not86, label %while.body38.i.lr.ph, label %cleanup108.i

while.body38.i.lr.ph:                             ; preds = %while.end.i
  %sub.ptr.rhs.cast.i = ptrtoint ptr %add.ptr.i to i32
  br label %while.body38.i

while.body38.i:                                   ; preds = %while.body38.i.lr.ph, %cleanup.i
  %a.2.i88 = phi ptr [ %a.1.i.lcssa, %while.body38.i.lr.ph ], [ %add.ptr63.i, %cleanup.i ]
  %b.2.i87 = phi ptr [ %b.1.i.lcssa, %while.body38.i.lr.ph ], [ %add.ptr64.i, %cleanup.i ]
  %add.ptr39.i = getelementptr inbounds nuw i8, ptr %a.2.i88, i32 16
  %cmp40.i = icmp ugt ptr %add.ptr39.i, %add.ptr.i
  %sub.ptr.lhs.cast.i = ptrtoint ptr %add.ptr39.i to i32
  %sub.ptr.sub.neg.i = sub i32 %sub.ptr.rhs.cast.i, %sub.ptr.lhs.cast.i
  %cond46.neg.i = select i1 %cmp40.i, i32 %sub.ptr.sub.neg.i, i32 0
  %add.ptr47.i = getelementptr inbounds i8, ptr %a.2.i88, i32 %cond46.neg.i
  %add.ptr49.i = getelementptr inbounds i8, ptr %b.2.i87, i32 %cond46.neg.i
  %21 = load <16 x i8>, ptr %add.ptr47.i, align 1
  %22 = load <16 x i8>, ptr %add.ptr49.i, align 1
  %cmp.i25 = icmp eq <16 x i8> %21, %22
  %sext.i26 = sext <16 x i1> %cmp.i25 to <16 x i8>
  %elt.min.i43 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %sext.i26, <16 x i8> %21)
  %cmp.i22 = icmp eq <16 x i8> %elt.min.i43, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i22 to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %tobool52.not.i = icmp eq i32 %23, 0
  br i1 %tobool52.not.i, label %cleanup.i, label %cleanup.i.thread

cleanup.i.thread:                                 ; preds = %while.body38.i
  %24 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %23, i1 true)
  %arrayidx57.i = getelementptr inbounds nuw i8, ptr %add.ptr47.i, i32 %24
  %25 = load i8, ptr %arrayidx57.i, align 1
  %conv58.i = zext i8 %25 to i64
  %arrayidx59.i = getelementptr inbounds nuw i8, ptr %add.ptr49.i, i32 %24
  %26 = load i8, ptr %arrayidx59.i, align 1
  %conv60.i = zext i8 %26 to i64
  %sub61.i = sub nsw i64 %conv58.i, %conv60.i
  br label %compare.exit

cleanup.i:                                        ; preds = %while.body38.i
  %add.ptr63.i = getelementptr inbounds nuw i8, ptr %add.ptr47.i, i32 16
  %add.ptr64.i = getelementptr inbounds nuw i8, ptr %add.ptr49.i, i32 16
  %cmp36.i.not = icmp ult ptr %add.ptr63.i, %add.ptr.i
  br i1 %cmp36.i.not, label %while.body38.i, label %cleanup108.i

if.else.i:                                        ; preds = %for.cond.i
  %conv72.i = zext nneg i32 %cond.i to i64
  %spec.select185.i59 = tail call i64 @llvm.umin.i64(i64 %n.addr.0.i, i64 %conv72.i)
  %spec.select185.i = trunc nuw nsw i64 %spec.select185.i59 to i32
  br label %for.body.i

for.cond79.i:                                     ; preds = %for.body.i
  %inc.i = add nuw nsw i32 %i78.0.i77, 1
  %exitcond.not = icmp eq i32 %inc.i, %spec.select185.i
  br i1 %exitcond.not, label %for.end.i, label %for.body.i

for.body.i:                                       ; preds = %if.else.i, %for.cond79.i
  %i78.0.i77 = phi i32 [ 0, %if.else.i ], [ %inc.i, %for.cond79.i ]
  %arrayidx82.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %i78.0.i77
  %27 = load i8, ptr %arrayidx82.i, align 1
  %arrayidx84.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %i78.0.i77
  %28 = load i8, ptr %arrayidx84.i, align 1
  %cmp86.not.i = icmp ne i8 %27, %28
  %tobool90.not.i = icmp eq i8 %27, 0
  %or.cond = or i1 %tobool90.not.i, %cmp86.not.i
  br i1 %or.cond, label %cleanup98.i.thread, label %for.cond79.i

cleanup98.i.thread:                               ; preds = %for.body.i
  %conv93.i = zext i8 %27 to i64
  %conv95.i = zext i8 %28 to i64
  %sub96.i = sub nsw i64 %conv93.i, %conv95.i
  br label %compare.exit

for.end.i:                                        ; preds = %for.cond79.i
  %add.ptr100.i = getelementptr inbounds nuw i8, ptr %a.0.i, i32 %spec.select185.i
  %add.ptr101.i = getelementptr inbounds nuw i8, ptr %b.0.i, i32 %spec.select185.i
  br label %cleanup108.i

cleanup108.i:                                     ; preds = %cleanup.i, %while.end.i, %for.end.i
  %b.6.i = phi ptr [ %add.ptr101.i, %for.end.i ], [ %b.1.i.lcssa, %while.end.i ], [ %add.ptr64.i, %cleanup.i ]
  %a.6.i = phi ptr [ %add.ptr100.i, %for.end.i ], [ %a.1.i.lcssa, %while.end.i ], [ %add.ptr63.i, %cleanup.i ]
  %spec.select.i60.pn = phi i64 [ %spec.select185.i59, %for.end.i ], [ %spec.select.i60, %while.end.i ], [ %spec.select.i60, %cleanup.i ]
  %n.addr.3.i = sub i64 %n.addr.0.i, %spec.select.i60.pn
  %tobool105.not.i.not = icmp eq i64 %n.addr.3.i, 0
  br i1 %tobool105.not.i.not, label %compare.exit, label %for.cond.i

compare.exit:                                     ; preds = %if.end.i, %cleanup108.i, %cleanup.i.thread, %if.then7.i, %cond.true.i, %cleanup98.i.thread
  %retval.7.i58 = phi i64 [ 0, %if.then7.i ], [ %sub96.i, %cleanup98.i.thread ], [ %sub61.i, %cleanup.i.thread ], [ %sub.i17, %cond.true.i ], [ 0, %cleanup108.i ], [ 0, %if.end.i ]
  %conv8 = and i64 %retval.7.i58, 4294967295
  br label %return

return:                                           ; preds = %if.end, %entry, %compare.exit
  %retval.0 = phi i64 [ %conv8, %compare.exit ], [ 0, %entry ], [ -1, %if.end ]
  ret i64 %retval.0
}

define range(i64 -1, 4294967296) i64 @string_length(i64 noundef %text) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %text, 2147352575
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw nsw i64 %text to i32
  %and.i91 = and i32 %conv, 4095
  %cmp1.i6 = icmp samesign ult i32 %and.i91, 4081
  %1 = inttoptr i32 %conv to ptr
  br i1 %cmp1.i6, label %if.then2.i, label %if.else.i

if.then2.i:                                       ; preds = %if.end
  %2 = load <16 x i8>, ptr %1, align 1
  %cmp.i124 = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i125 = sext <16 x i1> %cmp.i124 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i125)
  %tobool.not.i.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i.not, label %if.end10.i, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw nsw i32 %4, %conv
  br label %scan.exit

if.else.i:                                        ; preds = %if.end
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i

if.end10.i:                                       ; preds = %if.then2.i, %if.else.i
  %and.i = and i32 %conv, 2147483584
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %cmp.i98 = icmp eq <16 x i8> %7, zeroinitializer
  %sext.i99 = sext <16 x i1> %cmp.i98 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i99)
  %add.ptr.i51 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i51, align 16
  %cmp.i96 = icmp eq <16 x i8> %9, zeroinitializer
  %sext.i97 = sext <16 x i1> %cmp.i96 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i97)
  %add.ptr5.i54 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i54, align 32
  %cmp.i94 = icmp eq <16 x i8> %11, zeroinitializer
  %sext.i95 = sext <16 x i1> %cmp.i94 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i95)
  %add.ptr8.i57 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i57, align 16
  %cmp.i93 = icmp eq <16 x i8> %13, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i93 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %shl.i60 = shl i32 %10, 16
  %or.i61 = or i32 %shl.i60, %8
  %conv.i62 = zext i32 %or.i61 to i64
  %shl11.i63 = shl i32 %14, 16
  %or12.i64 = or i32 %shl11.i63, %12
  %conv13.i65 = zext i32 %or12.i64 to i64
  %shl14.i66 = shl nuw i64 %conv13.i65, 32
  %or15.i67 = or disjoint i64 %shl14.i66, %conv.i62
  %and13.i = and i64 %text, 63
  %shr.i = lshr i64 %or15.i67, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i129 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw nsw i32 %cast.i129, %conv
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i
  %add20.i = add nuw nsw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %for.body.i.preheader

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %cmp.i122 = icmp eq <16 x i8> %18, zeroinitializer
  %sext.i123 = sext <16 x i1> %cmp.i122 to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i123)
  %add.ptr.i7 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i7, align 16
  %cmp.i120 = icmp eq <16 x i8> %20, zeroinitializer
  %sext.i121 = sext <16 x i1> %cmp.i120 to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i121)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %cmp.i118 = icmp eq <16 x i8> %22, zeroinitializer
  %sext.i119 = sext <16 x i1> %cmp.i118 to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i119)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %cmp.i116 = icmp eq <16 x i8> %24, zeroinitializer
  %sext.i117 = sext <16 x i1> %cmp.i116 to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i117)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i10 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i10
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end32.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i126 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i126
  br label %scan.exit

if.end32.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw nsw i32 %and.i, 128
  %cmp33.i167 = icmp samesign ult i32 %and.i, 2147352512
  br i1 %cmp33.i167, label %for.body.i.preheader, label %scan.exit

for.body.i.preheader:                             ; preds = %if.end19.i, %if.end32.i
  %line.1.i168.ph = phi i32 [ %add20.i, %if.end19.i ], [ %add31.i, %if.end32.i ]
  br label %for.body.i

for.body.i:                                       ; preds = %for.body.i.preheader, %for.inc.i
  %line.1.i168 = phi i32 [ %add58.i, %for.inc.i ], [ %line.1.i168.ph, %for.body.i.preheader ]
  %27 = inttoptr i32 %line.1.i168 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %add.ptr.i78 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i78, align 1
  %add.ptr2.i80 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i80, align 1
  %add.ptr4.i82 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i82, align 1
  %elt.min.i131 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %28, <16 x i8> %29)
  %elt.min.i130 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %30, <16 x i8> %31)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i131, <16 x i8> %elt.min.i130)
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i, align 1
  %add.ptr.i70 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i70, align 1
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %elt.min.i134 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %32, <16 x i8> %33)
  %elt.min.i133 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %34, <16 x i8> %35)
  %elt.min.i132 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i134, <16 x i8> %elt.min.i133)
  %elt.min.i135 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i, <16 x i8> %elt.min.i132)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i135)
  %tobool.not.i68.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i68.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i106 = icmp eq <16 x i8> %28, zeroinitializer
  %sext.i107 = sext <16 x i1> %cmp.i106 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i107)
  %cmp.i104 = icmp eq <16 x i8> %29, zeroinitializer
  %sext.i105 = sext <16 x i1> %cmp.i104 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i105)
  %cmp.i102 = icmp eq <16 x i8> %30, zeroinitializer
  %sext.i103 = sext <16 x i1> %cmp.i102 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i103)
  %cmp.i100 = icmp eq <16 x i8> %31, zeroinitializer
  %sext.i101 = sext <16 x i1> %cmp.i100 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i101)
  %shl.i41 = shl i32 %38, 16
  %or.i42 = or i32 %shl.i41, %37
  %conv.i43 = zext i32 %or.i42 to i64
  %shl11.i44 = shl i32 %40, 16
  %or12.i45 = or i32 %shl11.i44, %39
  %conv13.i46 = zext i32 %or12.i45 to i64
  %shl14.i47 = shl nuw i64 %conv13.i46, 32
  %or15.i48 = or disjoint i64 %shl14.i47, %conv.i43
  %tobool44.not.i = icmp eq i64 %or15.i48, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i48, i1 true)
  %cast.i128 = trunc nuw nsw i64 %41 to i32
  %add47.i = add nuw nsw i32 %line.1.i168, %cast.i128
  %cond.i89 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 2147352640)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add nuw nsw i32 %line.1.i168, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %cmp.i114 = icmp eq <16 x i8> %43, zeroinitializer
  %sext.i115 = sext <16 x i1> %cmp.i114 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i115)
  %add.ptr.i13 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i13, align 1
  %cmp.i112 = icmp eq <16 x i8> %45, zeroinitializer
  %sext.i113 = sext <16 x i1> %cmp.i112 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i113)
  %add.ptr5.i16 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i16, align 1
  %cmp.i110 = icmp eq <16 x i8> %47, zeroinitializer
  %sext.i111 = sext <16 x i1> %cmp.i110 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i111)
  %add.ptr8.i19 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i19, align 1
  %cmp.i108 = icmp eq <16 x i8> %49, zeroinitializer
  %sext.i109 = sext <16 x i1> %cmp.i108 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i109)
  %shl.i22 = shl i32 %46, 16
  %or.i23 = or i32 %shl.i22, %44
  %conv.i24 = zext i32 %or.i23 to i64
  %shl11.i25 = shl i32 %50, 16
  %or12.i26 = or i32 %shl11.i25, %48
  %conv13.i27 = zext i32 %or12.i26 to i64
  %shl14.i28 = shl nuw i64 %conv13.i27, 32
  %or15.i29 = or disjoint i64 %shl14.i28, %conv.i24
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i29, i1 false)
  %cast.i127 = trunc nuw nsw i64 %51 to i32
  %add54.i = add nuw nsw i32 %add50.i, %cast.i127
  %cond.i88 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 2147352640)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add nuw nsw i32 %line.1.i168, 128
  %cmp33.i = icmp ult i32 %line.1.i168, 2147352512
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %add.i, %cleanup.i ], [ %cond.i89, %if.then45.i ], [ %add17.i, %if.then15.i ], [ %add28.i, %if.then26.i ], [ %cond.i88, %if.end49.i ], [ 2147352640, %if.end32.i ], [ 2147352640, %for.inc.i ]
  %sub = sub nsw i32 %retval.5.i, %conv
  %conv3 = zext i32 %sub to i64
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %conv3, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 4294967296) i64 @string_length_limited(i64 noundef %text, i64 noundef %limit) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %text, 2147352575
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %sub.i = sub nuw nsw i64 2147352576, %text
  %conv = trunc nuw nsw i64 %text to i32
  %cmp.not.i10 = icmp ugt i64 %limit, %sub.i
  %add.i11 = add i64 %limit, %text
  %conv.i12 = trunc i64 %add.i11 to i32
  %cond.i = select i1 %cmp.not.i10, i32 2147352640, i32 %conv.i12
  %cmp.not.i = icmp ugt i32 %cond.i, %conv
  br i1 %cmp.not.i, label %if.end.i, label %scan.exit

if.end.i:                                         ; preds = %if.end
  %and.i98 = and i32 %conv, 4095
  %cmp1.i8 = icmp samesign ult i32 %and.i98, 4081
  %1 = inttoptr i32 %conv to ptr
  br i1 %cmp1.i8, label %if.then2.i, label %if.else.i

if.then2.i:                                       ; preds = %if.end.i
  %2 = load <16 x i8>, ptr %1, align 1
  %cmp.i131 = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i132 = sext <16 x i1> %cmp.i131 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i132)
  %tobool.not.i.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i.not, label %if.end10.i, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw nsw i32 %4, %conv
  %cond.i93 = tail call i32 @llvm.umin.i32(i32 %add.i, i32 %cond.i)
  br label %scan.exit

if.else.i:                                        ; preds = %if.end.i
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i

if.end10.i:                                       ; preds = %if.then2.i, %if.else.i
  %and.i = and i32 %conv, 2147483584
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %cmp.i105 = icmp eq <16 x i8> %7, zeroinitializer
  %sext.i106 = sext <16 x i1> %cmp.i105 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i106)
  %add.ptr.i57 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i57, align 16
  %cmp.i103 = icmp eq <16 x i8> %9, zeroinitializer
  %sext.i104 = sext <16 x i1> %cmp.i103 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i104)
  %add.ptr5.i60 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i60, align 32
  %cmp.i101 = icmp eq <16 x i8> %11, zeroinitializer
  %sext.i102 = sext <16 x i1> %cmp.i101 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i102)
  %add.ptr8.i63 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i63, align 16
  %cmp.i100 = icmp eq <16 x i8> %13, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i100 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %shl.i66 = shl i32 %10, 16
  %or.i67 = or i32 %shl.i66, %8
  %conv.i68 = zext i32 %or.i67 to i64
  %shl11.i69 = shl i32 %14, 16
  %or12.i70 = or i32 %shl11.i69, %12
  %conv13.i71 = zext i32 %or12.i70 to i64
  %shl14.i72 = shl nuw i64 %conv13.i71, 32
  %or15.i73 = or disjoint i64 %shl14.i72, %conv.i68
  %and13.i = and i64 %text, 63
  %shr.i = lshr i64 %or15.i73, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i136 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw nsw i32 %cast.i136, %conv
  %cond.i97 = tail call i32 @llvm.umin.i32(i32 %add17.i, i32 %cond.i)
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i
  %add20.i = add nuw nsw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %if.end32.i

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %cmp.i129 = icmp eq <16 x i8> %18, zeroinitializer
  %sext.i130 = sext <16 x i1> %cmp.i129 to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i130)
  %add.ptr.i13 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i13, align 16
  %cmp.i127 = icmp eq <16 x i8> %20, zeroinitializer
  %sext.i128 = sext <16 x i1> %cmp.i127 to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i128)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %cmp.i125 = icmp eq <16 x i8> %22, zeroinitializer
  %sext.i126 = sext <16 x i1> %cmp.i125 to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i126)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %cmp.i123 = icmp eq <16 x i8> %24, zeroinitializer
  %sext.i124 = sext <16 x i1> %cmp.i123 to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i124)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i16 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i16
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end30.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i133 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i133
  %cond.i94 = tail call i32 @llvm.umin.i32(i32 %add28.i, i32 %cond.i)
  br label %scan.exit

if.end30.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw nsw i32 %and.i, 128
  br label %if.end32.i

if.end32.i:                                       ; preds = %if.end30.i, %if.end19.i
  %line.0.i = phi i32 [ %add31.i, %if.end30.i ], [ %add20.i, %if.end19.i ]
  %cmp33.i174 = icmp ult i32 %line.0.i, %cond.i
  br i1 %cmp33.i174, label %for.body.i, label %scan.exit

for.body.i:                                       ; preds = %if.end32.i, %for.inc.i
  %line.1.i175 = phi i32 [ %add58.i, %for.inc.i ], [ %line.0.i, %if.end32.i ]
  %27 = inttoptr i32 %line.1.i175 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %add.ptr.i84 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i84, align 1
  %add.ptr2.i86 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i86, align 1
  %add.ptr4.i88 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i88, align 1
  %elt.min.i138 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %28, <16 x i8> %29)
  %elt.min.i137 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %30, <16 x i8> %31)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i138, <16 x i8> %elt.min.i137)
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i, align 1
  %add.ptr.i76 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i76, align 1
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %elt.min.i141 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %32, <16 x i8> %33)
  %elt.min.i140 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %34, <16 x i8> %35)
  %elt.min.i139 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i141, <16 x i8> %elt.min.i140)
  %elt.min.i142 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i, <16 x i8> %elt.min.i139)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i142)
  %tobool.not.i74.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i74.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i113 = icmp eq <16 x i8> %28, zeroinitializer
  %sext.i114 = sext <16 x i1> %cmp.i113 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i114)
  %cmp.i111 = icmp eq <16 x i8> %29, zeroinitializer
  %sext.i112 = sext <16 x i1> %cmp.i111 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i112)
  %cmp.i109 = icmp eq <16 x i8> %30, zeroinitializer
  %sext.i110 = sext <16 x i1> %cmp.i109 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i110)
  %cmp.i107 = icmp eq <16 x i8> %31, zeroinitializer
  %sext.i108 = sext <16 x i1> %cmp.i107 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i108)
  %shl.i47 = shl i32 %38, 16
  %or.i48 = or i32 %shl.i47, %37
  %conv.i49 = zext i32 %or.i48 to i64
  %shl11.i50 = shl i32 %40, 16
  %or12.i51 = or i32 %shl11.i50, %39
  %conv13.i52 = zext i32 %or12.i51 to i64
  %shl14.i53 = shl nuw i64 %conv13.i52, 32
  %or15.i54 = or disjoint i64 %shl14.i53, %conv.i49
  %tobool44.not.i = icmp eq i64 %or15.i54, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i54, i1 true)
  %cast.i135 = trunc nuw nsw i64 %41 to i32
  %add47.i = add i32 %line.1.i175, %cast.i135
  %cond.i96 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 %cond.i)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add i32 %line.1.i175, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %cmp.i121 = icmp eq <16 x i8> %43, zeroinitializer
  %sext.i122 = sext <16 x i1> %cmp.i121 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i122)
  %add.ptr.i19 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i19, align 1
  %cmp.i119 = icmp eq <16 x i8> %45, zeroinitializer
  %sext.i120 = sext <16 x i1> %cmp.i119 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i120)
  %add.ptr5.i22 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i22, align 1
  %cmp.i117 = icmp eq <16 x i8> %47, zeroinitializer
  %sext.i118 = sext <16 x i1> %cmp.i117 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i118)
  %add.ptr8.i25 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i25, align 1
  %cmp.i115 = icmp eq <16 x i8> %49, zeroinitializer
  %sext.i116 = sext <16 x i1> %cmp.i115 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i116)
  %shl.i28 = shl i32 %46, 16
  %or.i29 = or i32 %shl.i28, %44
  %conv.i30 = zext i32 %or.i29 to i64
  %shl11.i31 = shl i32 %50, 16
  %or12.i32 = or i32 %shl11.i31, %48
  %conv13.i33 = zext i32 %or12.i32 to i64
  %shl14.i34 = shl nuw i64 %conv13.i33, 32
  %or15.i35 = or disjoint i64 %shl14.i34, %conv.i30
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i35, i1 false)
  %cast.i134 = trunc nuw nsw i64 %51 to i32
  %add54.i = add i32 %add50.i, %cast.i134
  %cond.i95 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 %cond.i)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add i32 %line.1.i175, 128
  %cmp33.i = icmp ult i32 %add58.i, %cond.i
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.end, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %cond.i93, %cleanup.i ], [ %conv.i12, %if.end ], [ %cond.i97, %if.then15.i ], [ %cond.i94, %if.then26.i ], [ %cond.i96, %if.then45.i ], [ %cond.i95, %if.end49.i ], [ %cond.i, %if.end32.i ], [ %cond.i, %for.inc.i ]
  %sub = sub i32 %retval.5.i, %conv
  %conv4 = zext i32 %sub to i64
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %conv4, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 4294967296) i64 @string_find_byte(i64 noundef %data, i64 noundef %value, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %data, 2147352575
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %sub.i = sub nuw nsw i64 2147352576, %data
  %cmp.not.i12 = icmp ugt i64 %n, %sub.i
  %add.i13 = add i64 %n, %data
  %conv.i14 = trunc i64 %add.i13 to i32
  %cond.i = select i1 %cmp.not.i12, i32 2147352640, i32 %conv.i14
  %conv = trunc nuw nsw i64 %data to i32
  %cmp.not.i = icmp ugt i32 %cond.i, %conv
  br i1 %cmp.not.i, label %if.end.i, label %scan.exit

if.end.i:                                         ; preds = %if.end
  %conv2 = trunc i64 %value to i8
  %and.i100 = and i32 %conv, 4095
  %cmp1.i10 = icmp samesign ult i32 %and.i100, 4081
  %1 = inttoptr i32 %conv to ptr
  %splat.splatinsert.i238 = insertelement <16 x i8> poison, i8 %conv2, i64 0
  %splat.splat.i239 = shufflevector <16 x i8> %splat.splatinsert.i238, <16 x i8> poison, <16 x i32> zeroinitializer
  br i1 %cmp1.i10, label %if.then2.i, label %if.else.i

if.then2.i:                                       ; preds = %if.end.i
  %2 = load <16 x i8>, ptr %1, align 1
  %cmp.i133 = icmp eq <16 x i8> %2, %splat.splat.i239
  %sext.i134 = sext <16 x i1> %cmp.i133 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i134)
  %tobool.not.i.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i.not, label %if.end10.i, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw nsw i32 %4, %conv
  %cond.i95 = tail call i32 @llvm.umin.i32(i32 %add.i, i32 %cond.i)
  br label %scan.exit

if.else.i:                                        ; preds = %if.end.i
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i

if.end10.i:                                       ; preds = %if.then2.i, %if.else.i
  %and.i = and i32 %conv, 2147483584
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %cmp.i107 = icmp eq <16 x i8> %7, %splat.splat.i239
  %sext.i108 = sext <16 x i1> %cmp.i107 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i108)
  %add.ptr.i59 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i59, align 16
  %cmp.i105 = icmp eq <16 x i8> %9, %splat.splat.i239
  %sext.i106 = sext <16 x i1> %cmp.i105 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i106)
  %add.ptr5.i62 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i62, align 32
  %cmp.i103 = icmp eq <16 x i8> %11, %splat.splat.i239
  %sext.i104 = sext <16 x i1> %cmp.i103 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i104)
  %add.ptr8.i65 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i65, align 16
  %cmp.i102 = icmp eq <16 x i8> %13, %splat.splat.i239
  %sext.i = sext <16 x i1> %cmp.i102 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %shl.i68 = shl i32 %10, 16
  %or.i69 = or i32 %shl.i68, %8
  %conv.i70 = zext i32 %or.i69 to i64
  %shl11.i71 = shl i32 %14, 16
  %or12.i72 = or i32 %shl11.i71, %12
  %conv13.i73 = zext i32 %or12.i72 to i64
  %shl14.i74 = shl nuw i64 %conv13.i73, 32
  %or15.i75 = or disjoint i64 %shl14.i74, %conv.i70
  %and13.i = and i64 %data, 63
  %shr.i = lshr i64 %or15.i75, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i138 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw nsw i32 %cast.i138, %conv
  %cond.i99 = tail call i32 @llvm.umin.i32(i32 %add17.i, i32 %cond.i)
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i
  %add20.i = add nuw nsw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %if.end32.i

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %cmp.i131 = icmp eq <16 x i8> %18, %splat.splat.i239
  %sext.i132 = sext <16 x i1> %cmp.i131 to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i132)
  %add.ptr.i15 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i15, align 16
  %cmp.i129 = icmp eq <16 x i8> %20, %splat.splat.i239
  %sext.i130 = sext <16 x i1> %cmp.i129 to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i130)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %cmp.i127 = icmp eq <16 x i8> %22, %splat.splat.i239
  %sext.i128 = sext <16 x i1> %cmp.i127 to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i128)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %cmp.i125 = icmp eq <16 x i8> %24, %splat.splat.i239
  %sext.i126 = sext <16 x i1> %cmp.i125 to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i126)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i18 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i18
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end30.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i135 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i135
  %cond.i96 = tail call i32 @llvm.umin.i32(i32 %add28.i, i32 %cond.i)
  br label %scan.exit

if.end30.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw nsw i32 %and.i, 128
  br label %if.end32.i

if.end32.i:                                       ; preds = %if.end30.i, %if.end19.i
  %line.0.i = phi i32 [ %add31.i, %if.end30.i ], [ %add20.i, %if.end19.i ]
  %cmp33.i248 = icmp ult i32 %line.0.i, %cond.i
  br i1 %cmp33.i248, label %for.body.i, label %scan.exit

for.body.i:                                       ; preds = %if.end32.i, %for.inc.i
  %line.1.i249 = phi i32 [ %add58.i, %for.inc.i ], [ %line.0.i, %if.end32.i ]
  %27 = inttoptr i32 %line.1.i249 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %xor.i156 = xor <16 x i8> %28, %splat.splat.i239
  %add.ptr.i86 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i86, align 1
  %xor.i152 = xor <16 x i8> %29, %splat.splat.i239
  %add.ptr2.i88 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i88, align 1
  %xor.i148 = xor <16 x i8> %30, %splat.splat.i239
  %add.ptr4.i90 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i90, align 1
  %xor.i = xor <16 x i8> %31, %splat.splat.i239
  %elt.min.i140 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i156, <16 x i8> %xor.i152)
  %elt.min.i139 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i148, <16 x i8> %xor.i)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i140, <16 x i8> %elt.min.i139)
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i, align 1
  %xor.i172 = xor <16 x i8> %32, %splat.splat.i239
  %add.ptr.i78 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i78, align 1
  %xor.i168 = xor <16 x i8> %33, %splat.splat.i239
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %xor.i164 = xor <16 x i8> %34, %splat.splat.i239
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %xor.i160 = xor <16 x i8> %35, %splat.splat.i239
  %elt.min.i143 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i172, <16 x i8> %xor.i168)
  %elt.min.i142 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i164, <16 x i8> %xor.i160)
  %elt.min.i141 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i143, <16 x i8> %elt.min.i142)
  %elt.min.i144 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i, <16 x i8> %elt.min.i141)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i144)
  %tobool.not.i76.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i76.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i115 = icmp eq <16 x i8> %28, %splat.splat.i239
  %sext.i116 = sext <16 x i1> %cmp.i115 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i116)
  %cmp.i113 = icmp eq <16 x i8> %29, %splat.splat.i239
  %sext.i114 = sext <16 x i1> %cmp.i113 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i114)
  %cmp.i111 = icmp eq <16 x i8> %30, %splat.splat.i239
  %sext.i112 = sext <16 x i1> %cmp.i111 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i112)
  %cmp.i109 = icmp eq <16 x i8> %31, %splat.splat.i239
  %sext.i110 = sext <16 x i1> %cmp.i109 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i110)
  %shl.i49 = shl i32 %38, 16
  %or.i50 = or i32 %shl.i49, %37
  %conv.i51 = zext i32 %or.i50 to i64
  %shl11.i52 = shl i32 %40, 16
  %or12.i53 = or i32 %shl11.i52, %39
  %conv13.i54 = zext i32 %or12.i53 to i64
  %shl14.i55 = shl nuw i64 %conv13.i54, 32
  %or15.i56 = or disjoint i64 %shl14.i55, %conv.i51
  %tobool44.not.i = icmp eq i64 %or15.i56, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i56, i1 true)
  %cast.i137 = trunc nuw nsw i64 %41 to i32
  %add47.i = add i32 %line.1.i249, %cast.i137
  %cond.i98 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 %cond.i)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add i32 %line.1.i249, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %cmp.i123 = icmp eq <16 x i8> %43, %splat.splat.i239
  %sext.i124 = sext <16 x i1> %cmp.i123 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i124)
  %add.ptr.i21 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i21, align 1
  %cmp.i121 = icmp eq <16 x i8> %45, %splat.splat.i239
  %sext.i122 = sext <16 x i1> %cmp.i121 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i122)
  %add.ptr5.i24 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i24, align 1
  %cmp.i119 = icmp eq <16 x i8> %47, %splat.splat.i239
  %sext.i120 = sext <16 x i1> %cmp.i119 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i120)
  %add.ptr8.i27 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i27, align 1
  %cmp.i117 = icmp eq <16 x i8> %49, %splat.splat.i239
  %sext.i118 = sext <16 x i1> %cmp.i117 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i118)
  %shl.i30 = shl i32 %46, 16
  %or.i31 = or i32 %shl.i30, %44
  %conv.i32 = zext i32 %or.i31 to i64
  %shl11.i33 = shl i32 %50, 16
  %or12.i34 = or i32 %shl11.i33, %48
  %conv13.i35 = zext i32 %or12.i34 to i64
  %shl14.i36 = shl nuw i64 %conv13.i35, 32
  %or15.i37 = or disjoint i64 %shl14.i36, %conv.i32
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i37, i1 false)
  %cast.i136 = trunc nuw nsw i64 %51 to i32
  %add54.i = add i32 %add50.i, %cast.i136
  %cond.i97 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 %cond.i)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add i32 %line.1.i249, 128
  %cmp33.i = icmp ult i32 %add58.i, %cond.i
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.end, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %cond.i95, %cleanup.i ], [ %conv.i14, %if.end ], [ %cond.i99, %if.then15.i ], [ %cond.i96, %if.then26.i ], [ %cond.i98, %if.then45.i ], [ %cond.i97, %if.end49.i ], [ %cond.i, %if.end32.i ], [ %cond.i, %for.inc.i ]
  %cmp = icmp eq i32 %retval.5.i, %cond.i
  %cond = select i1 %cmp, i32 0, i32 %retval.5.i
  %conv5 = zext i32 %cond to i64
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %conv5, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 4294967296) i64 @string_find_last(i64 noundef %data, i64 noundef %value, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %cmp.i = icmp ugt i64 %data, 2147352576
  %sub.i = sub i64 2147352576, %data
  %cmp1.i = icmp ugt i64 %n, %sub.i
  %.not = or i1 %cmp.i, %cmp1.i
  br i1 %.not, label %return, label %if.end

if.end:                                           ; preds = %entry
  %tobool1.not = icmp eq i64 %n, 0
  br i1 %tobool1.not, label %return, label %if.end3

if.end3:                                          ; preds = %if.end
  %conv = trunc i64 %value to i8
  %conv4 = trunc nuw nsw i64 %data to i32
  %conv5 = trunc i64 %n to i32
  %add = add nsw i32 %conv4, -1
  %sub = add i32 %add, %conv5
  %and = and i32 %sub, -64
  %0 = inttoptr i32 %sub to ptr
  %1 = load volatile i8, ptr %0, align 1
  %2 = inttoptr i32 %and to ptr
  %3 = load <16 x i8>, ptr %2, align 64
  %splat.splatinsert.i107 = insertelement <16 x i8> poison, i8 %conv, i64 0
  %splat.splat.i108 = shufflevector <16 x i8> %splat.splatinsert.i107, <16 x i8> poison, <16 x i32> zeroinitializer
  %cmp.i77 = icmp eq <16 x i8> %3, %splat.splat.i108
  %sext.i78 = sext <16 x i1> %cmp.i77 to <16 x i8>
  %4 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i78)
  %add.ptr.i50 = getelementptr inbounds nuw i8, ptr %2, i32 16
  %5 = load <16 x i8>, ptr %add.ptr.i50, align 16
  %cmp.i75 = icmp eq <16 x i8> %5, %splat.splat.i108
  %sext.i76 = sext <16 x i1> %cmp.i75 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i76)
  %add.ptr5.i53 = getelementptr inbounds nuw i8, ptr %2, i32 32
  %7 = load <16 x i8>, ptr %add.ptr5.i53, align 32
  %cmp.i73 = icmp eq <16 x i8> %7, %splat.splat.i108
  %sext.i74 = sext <16 x i1> %cmp.i73 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i74)
  %add.ptr8.i56 = getelementptr inbounds nuw i8, ptr %2, i32 48
  %9 = load <16 x i8>, ptr %add.ptr8.i56, align 16
  %cmp.i72 = icmp eq <16 x i8> %9, %splat.splat.i108
  %sext.i = sext <16 x i1> %cmp.i72 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %shl.i59 = shl i32 %6, 16
  %or.i60 = or i32 %shl.i59, %4
  %conv.i61 = zext i32 %or.i60 to i64
  %shl11.i62 = shl i32 %10, 16
  %or12.i63 = or i32 %shl11.i62, %8
  %conv13.i64 = zext i32 %or12.i63 to i64
  %shl14.i65 = shl nuw i64 %conv13.i64, 32
  %or15.i66 = or disjoint i64 %shl14.i65, %conv.i61
  %and7 = and i32 %sub, 63
  %sub8 = xor i32 %and7, 63
  %sh_prom = zext nneg i32 %sub8 to i64
  %shl = shl i64 %or15.i66, %sh_prom
  %tobool9.not124 = icmp eq i64 %shl, 0
  br i1 %tobool9.not124, label %while.body, label %while.end

while.body:                                       ; preds = %if.end3, %if.end21
  %line.0125 = phi i32 [ %sub14, %if.end21 ], [ %and, %if.end3 ]
  %cmp.not = icmp ugt i32 %line.0125, %conv4
  br i1 %cmp.not, label %if.end12, label %return

if.end12:                                         ; preds = %while.body
  %sub13 = add i32 %line.0125, -1
  %sub14 = add i32 %line.0125, -64
  %11 = inttoptr i32 %sub13 to ptr
  %12 = load volatile i8, ptr %11, align 1
  %13 = inttoptr i32 %sub14 to ptr
  %14 = load <16 x i8>, ptr %13, align 64
  %xor.i97 = xor <16 x i8> %14, %splat.splat.i108
  %add.ptr.i67 = getelementptr inbounds nuw i8, ptr %13, i32 16
  %15 = load <16 x i8>, ptr %add.ptr.i67, align 16
  %xor.i94 = xor <16 x i8> %15, %splat.splat.i108
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %13, i32 32
  %16 = load <16 x i8>, ptr %add.ptr2.i, align 32
  %xor.i91 = xor <16 x i8> %16, %splat.splat.i108
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %13, i32 48
  %17 = load <16 x i8>, ptr %add.ptr4.i, align 16
  %xor.i = xor <16 x i8> %17, %splat.splat.i108
  %elt.min.i88 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i97, <16 x i8> %xor.i94)
  %elt.min.i87 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i91, <16 x i8> %xor.i)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i88, <16 x i8> %elt.min.i87)
  %18 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i)
  %tobool.not.i.not = icmp eq i32 %18, 0
  br i1 %tobool.not.i.not, label %if.then19, label %if.end21

if.then19:                                        ; preds = %if.end12
  %cmp.i85 = icmp eq <16 x i8> %14, %splat.splat.i108
  %sext.i86 = sext <16 x i1> %cmp.i85 to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i86)
  %cmp.i83 = icmp eq <16 x i8> %15, %splat.splat.i108
  %sext.i84 = sext <16 x i1> %cmp.i83 to <16 x i8>
  %20 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i84)
  %cmp.i81 = icmp eq <16 x i8> %16, %splat.splat.i108
  %sext.i82 = sext <16 x i1> %cmp.i81 to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i82)
  %cmp.i79 = icmp eq <16 x i8> %17, %splat.splat.i108
  %sext.i80 = sext <16 x i1> %cmp.i79 to <16 x i8>
  %22 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i80)
  %shl.i = shl i32 %20, 16
  %or.i = or i32 %shl.i, %19
  %conv.i = zext i32 %or.i to i64
  %shl11.i = shl i32 %22, 16
  %or12.i = or i32 %shl11.i, %21
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i
  br label %if.end21

if.end21:                                         ; preds = %if.then19, %if.end12
  %found.1 = phi i64 [ %or15.i, %if.then19 ], [ 0, %if.end12 ]
  %tobool9.not = icmp eq i64 %found.1, 0
  br i1 %tobool9.not, label %while.body, label %while.end

while.end:                                        ; preds = %if.end21, %if.end3
  %last.0.lcssa = phi i32 [ %sub, %if.end3 ], [ %sub13, %if.end21 ]
  %found.0.lcssa = phi i64 [ %shl, %if.end3 ], [ %found.1, %if.end21 ]
  %23 = tail call range(i64 0, 65) i64 @llvm.ctlz.i64(i64 %found.0.lcssa, i1 true)
  %cast = trunc nuw nsw i64 %23 to i32
  %sub22 = sub i32 %last.0.lcssa, %cast
  %cmp23.not = icmp ult i32 %sub22, %conv4
  %cond = select i1 %cmp23.not, i32 0, i32 %sub22
  %conv25 = zext i32 %cond to i64
  br label %return

return:                                           ; preds = %while.body, %while.end, %if.end, %entry
  %retval.1 = phi i64 [ 0, %if.end ], [ -1, %entry ], [ %conv25, %while.end ], [ 0, %while.body ]
  ret i64 %retval.1
}

declare i64 @llvm.ctlz.i64(i64, i1 immarg)

define range(i64 -1, 2147352641) i64 @string_find_or_end(i64 noundef %text, i64 noundef %value) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %text, 2147352575
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw nsw i64 %text to i32
  %conv1 = trunc i64 %value to i8
  %and.i90 = and i32 %conv, 4095
  %cmp1.i5 = icmp samesign ult i32 %and.i90, 4081
  %1 = inttoptr i32 %conv to ptr
  %splat.splatinsert.i251 = insertelement <16 x i8> poison, i8 %conv1, i64 0
  %splat.splat.i252 = shufflevector <16 x i8> %splat.splatinsert.i251, <16 x i8> poison, <16 x i32> zeroinitializer
  br i1 %cmp1.i5, label %if.then2.i, label %if.else.i

if.then2.i:                                       ; preds = %if.end
  %2 = load <16 x i8>, ptr %1, align 1
  %xor.i253 = xor <16 x i8> %2, %splat.splat.i252
  %elt.min.i.i254 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %2, <16 x i8> %xor.i253)
  %cmp.i123 = icmp eq <16 x i8> %elt.min.i.i254, zeroinitializer
  %sext.i124 = sext <16 x i1> %cmp.i123 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i124)
  %tobool.not.i.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i.not, label %if.end10.i, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw nsw i32 %4, %conv
  br label %scan.exit

if.else.i:                                        ; preds = %if.end
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i

if.end10.i:                                       ; preds = %if.then2.i, %if.else.i
  %and.i = and i32 %conv, 2147483584
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %xor.i188 = xor <16 x i8> %7, %splat.splat.i252
  %elt.min.i.i189 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %7, <16 x i8> %xor.i188)
  %cmp.i97 = icmp eq <16 x i8> %elt.min.i.i189, zeroinitializer
  %sext.i98 = sext <16 x i1> %cmp.i97 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i98)
  %add.ptr.i50 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i50, align 16
  %xor.i183 = xor <16 x i8> %9, %splat.splat.i252
  %elt.min.i.i184 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %9, <16 x i8> %xor.i183)
  %cmp.i95 = icmp eq <16 x i8> %elt.min.i.i184, zeroinitializer
  %sext.i96 = sext <16 x i1> %cmp.i95 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i96)
  %add.ptr5.i53 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i53, align 32
  %xor.i178 = xor <16 x i8> %11, %splat.splat.i252
  %elt.min.i.i179 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %11, <16 x i8> %xor.i178)
  %cmp.i93 = icmp eq <16 x i8> %elt.min.i.i179, zeroinitializer
  %sext.i94 = sext <16 x i1> %cmp.i93 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i94)
  %add.ptr8.i56 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i56, align 16
  %xor.i173 = xor <16 x i8> %13, %splat.splat.i252
  %elt.min.i.i174 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %13, <16 x i8> %xor.i173)
  %cmp.i92 = icmp eq <16 x i8> %elt.min.i.i174, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i92 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %shl.i59 = shl i32 %10, 16
  %or.i60 = or i32 %shl.i59, %8
  %conv.i61 = zext i32 %or.i60 to i64
  %shl11.i62 = shl i32 %14, 16
  %or12.i63 = or i32 %shl11.i62, %12
  %conv13.i64 = zext i32 %or12.i63 to i64
  %shl14.i65 = shl nuw i64 %conv13.i64, 32
  %or15.i66 = or disjoint i64 %shl14.i65, %conv.i61
  %and13.i = and i64 %text, 63
  %shr.i = lshr i64 %or15.i66, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i128 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw nsw i32 %cast.i128, %conv
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i
  %add20.i = add nuw nsw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %for.body.i.preheader

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %xor.i248 = xor <16 x i8> %18, %splat.splat.i252
  %elt.min.i.i249 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %18, <16 x i8> %xor.i248)
  %cmp.i121 = icmp eq <16 x i8> %elt.min.i.i249, zeroinitializer
  %sext.i122 = sext <16 x i1> %cmp.i121 to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i122)
  %add.ptr.i6 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i6, align 16
  %xor.i243 = xor <16 x i8> %20, %splat.splat.i252
  %elt.min.i.i244 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %20, <16 x i8> %xor.i243)
  %cmp.i119 = icmp eq <16 x i8> %elt.min.i.i244, zeroinitializer
  %sext.i120 = sext <16 x i1> %cmp.i119 to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i120)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %xor.i238 = xor <16 x i8> %22, %splat.splat.i252
  %elt.min.i.i239 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %22, <16 x i8> %xor.i238)
  %cmp.i117 = icmp eq <16 x i8> %elt.min.i.i239, zeroinitializer
  %sext.i118 = sext <16 x i1> %cmp.i117 to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i118)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %xor.i233 = xor <16 x i8> %24, %splat.splat.i252
  %elt.min.i.i234 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %24, <16 x i8> %xor.i233)
  %cmp.i115 = icmp eq <16 x i8> %elt.min.i.i234, zeroinitializer
  %sext.i116 = sext <16 x i1> %cmp.i115 to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i116)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i9 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i9
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end32.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i125 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i125
  br label %scan.exit

if.end32.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw nsw i32 %and.i, 128
  %cmp33.i259 = icmp samesign ult i32 %and.i, 2147352512
  br i1 %cmp33.i259, label %for.body.i.preheader, label %scan.exit

for.body.i.preheader:                             ; preds = %if.end19.i, %if.end32.i
  %line.1.i260.ph = phi i32 [ %add20.i, %if.end19.i ], [ %add31.i, %if.end32.i ]
  br label %for.body.i

for.body.i:                                       ; preds = %for.body.i.preheader, %for.inc.i
  %line.1.i260 = phi i32 [ %add58.i, %for.inc.i ], [ %line.1.i260.ph, %for.body.i.preheader ]
  %27 = inttoptr i32 %line.1.i260 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %xor.i148 = xor <16 x i8> %28, %splat.splat.i252
  %elt.min.i.i149 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %28, <16 x i8> %xor.i148)
  %add.ptr.i77 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i77, align 1
  %xor.i143 = xor <16 x i8> %29, %splat.splat.i252
  %elt.min.i.i144 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %29, <16 x i8> %xor.i143)
  %add.ptr2.i79 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i79, align 1
  %xor.i138 = xor <16 x i8> %30, %splat.splat.i252
  %elt.min.i.i139 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %30, <16 x i8> %xor.i138)
  %add.ptr4.i81 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i81, align 1
  %xor.i = xor <16 x i8> %31, %splat.splat.i252
  %elt.min.i.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %31, <16 x i8> %xor.i)
  %elt.min.i130 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i149, <16 x i8> %elt.min.i.i144)
  %elt.min.i129 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i139, <16 x i8> %elt.min.i.i)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i130, <16 x i8> %elt.min.i129)
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i, align 1
  %xor.i168 = xor <16 x i8> %32, %splat.splat.i252
  %elt.min.i.i169 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %32, <16 x i8> %xor.i168)
  %add.ptr.i69 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i69, align 1
  %xor.i163 = xor <16 x i8> %33, %splat.splat.i252
  %elt.min.i.i164 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %33, <16 x i8> %xor.i163)
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %xor.i158 = xor <16 x i8> %34, %splat.splat.i252
  %elt.min.i.i159 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %34, <16 x i8> %xor.i158)
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %xor.i153 = xor <16 x i8> %35, %splat.splat.i252
  %elt.min.i.i154 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %35, <16 x i8> %xor.i153)
  %elt.min.i133 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i169, <16 x i8> %elt.min.i.i164)
  %elt.min.i132 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i159, <16 x i8> %elt.min.i.i154)
  %elt.min.i131 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i133, <16 x i8> %elt.min.i132)
  %elt.min.i134 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i, <16 x i8> %elt.min.i131)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i134)
  %tobool.not.i67.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i67.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i105 = icmp eq <16 x i8> %elt.min.i.i149, zeroinitializer
  %sext.i106 = sext <16 x i1> %cmp.i105 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i106)
  %cmp.i103 = icmp eq <16 x i8> %elt.min.i.i144, zeroinitializer
  %sext.i104 = sext <16 x i1> %cmp.i103 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i104)
  %cmp.i101 = icmp eq <16 x i8> %elt.min.i.i139, zeroinitializer
  %sext.i102 = sext <16 x i1> %cmp.i101 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i102)
  %cmp.i99 = icmp eq <16 x i8> %elt.min.i.i, zeroinitializer
  %sext.i100 = sext <16 x i1> %cmp.i99 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i100)
  %shl.i40 = shl i32 %38, 16
  %or.i41 = or i32 %shl.i40, %37
  %conv.i42 = zext i32 %or.i41 to i64
  %shl11.i43 = shl i32 %40, 16
  %or12.i44 = or i32 %shl11.i43, %39
  %conv13.i45 = zext i32 %or12.i44 to i64
  %shl14.i46 = shl nuw i64 %conv13.i45, 32
  %or15.i47 = or disjoint i64 %shl14.i46, %conv.i42
  %tobool44.not.i = icmp eq i64 %or15.i47, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i47, i1 true)
  %cast.i127 = trunc nuw nsw i64 %41 to i32
  %add47.i = add nuw nsw i32 %line.1.i260, %cast.i127
  %cond.i88 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 2147352640)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add nuw nsw i32 %line.1.i260, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %xor.i228 = xor <16 x i8> %43, %splat.splat.i252
  %elt.min.i.i229 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %43, <16 x i8> %xor.i228)
  %cmp.i113 = icmp eq <16 x i8> %elt.min.i.i229, zeroinitializer
  %sext.i114 = sext <16 x i1> %cmp.i113 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i114)
  %add.ptr.i12 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i12, align 1
  %xor.i223 = xor <16 x i8> %45, %splat.splat.i252
  %elt.min.i.i224 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %45, <16 x i8> %xor.i223)
  %cmp.i111 = icmp eq <16 x i8> %elt.min.i.i224, zeroinitializer
  %sext.i112 = sext <16 x i1> %cmp.i111 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i112)
  %add.ptr5.i15 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i15, align 1
  %xor.i218 = xor <16 x i8> %47, %splat.splat.i252
  %elt.min.i.i219 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %47, <16 x i8> %xor.i218)
  %cmp.i109 = icmp eq <16 x i8> %elt.min.i.i219, zeroinitializer
  %sext.i110 = sext <16 x i1> %cmp.i109 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i110)
  %add.ptr8.i18 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i18, align 1
  %xor.i213 = xor <16 x i8> %49, %splat.splat.i252
  %elt.min.i.i214 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %49, <16 x i8> %xor.i213)
  %cmp.i107 = icmp eq <16 x i8> %elt.min.i.i214, zeroinitializer
  %sext.i108 = sext <16 x i1> %cmp.i107 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i108)
  %shl.i21 = shl i32 %46, 16
  %or.i22 = or i32 %shl.i21, %44
  %conv.i23 = zext i32 %or.i22 to i64
  %shl11.i24 = shl i32 %50, 16
  %or12.i25 = or i32 %shl11.i24, %48
  %conv13.i26 = zext i32 %or12.i25 to i64
  %shl14.i27 = shl nuw i64 %conv13.i26, 32
  %or15.i28 = or disjoint i64 %shl14.i27, %conv.i23
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i28, i1 false)
  %cast.i126 = trunc nuw nsw i64 %51 to i32
  %add54.i = add nuw nsw i32 %add50.i, %cast.i126
  %cond.i87 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 2147352640)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add nuw nsw i32 %line.1.i260, 128
  %cmp33.i = icmp ult i32 %line.1.i260, 2147352512
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %add.i, %cleanup.i ], [ %cond.i88, %if.then45.i ], [ %add17.i, %if.then15.i ], [ %add28.i, %if.then26.i ], [ %cond.i87, %if.end49.i ], [ 2147352640, %if.end32.i ], [ 2147352640, %for.inc.i ]
  %conv3 = zext nneg i32 %retval.5.i to i64
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %conv3, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 2147352641) i64 @string_find(i64 noundef %text, i64 noundef %value) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %text, 2147352575
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw nsw i64 %text to i32
  %conv1 = trunc i64 %value to i8
  %and.i97 = and i32 %conv, 4095
  %cmp1.i12 = icmp samesign ult i32 %and.i97, 4081
  %1 = inttoptr i32 %conv to ptr
  %splat.splatinsert.i258 = insertelement <16 x i8> poison, i8 %conv1, i64 0
  %splat.splat.i259 = shufflevector <16 x i8> %splat.splatinsert.i258, <16 x i8> poison, <16 x i32> zeroinitializer
  br i1 %cmp1.i12, label %if.then2.i, label %if.else.i

if.then2.i:                                       ; preds = %if.end
  %2 = load <16 x i8>, ptr %1, align 1
  %xor.i260 = xor <16 x i8> %2, %splat.splat.i259
  %elt.min.i.i261 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %2, <16 x i8> %xor.i260)
  %cmp.i130 = icmp eq <16 x i8> %elt.min.i.i261, zeroinitializer
  %sext.i131 = sext <16 x i1> %cmp.i130 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i131)
  %tobool.not.i.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i.not, label %if.end10.i, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw nsw i32 %4, %conv
  br label %scan.exit

if.else.i:                                        ; preds = %if.end
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i

if.end10.i:                                       ; preds = %if.then2.i, %if.else.i
  %and.i = and i32 %conv, 2147483584
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %xor.i195 = xor <16 x i8> %7, %splat.splat.i259
  %elt.min.i.i196 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %7, <16 x i8> %xor.i195)
  %cmp.i104 = icmp eq <16 x i8> %elt.min.i.i196, zeroinitializer
  %sext.i105 = sext <16 x i1> %cmp.i104 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i105)
  %add.ptr.i57 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i57, align 16
  %xor.i190 = xor <16 x i8> %9, %splat.splat.i259
  %elt.min.i.i191 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %9, <16 x i8> %xor.i190)
  %cmp.i102 = icmp eq <16 x i8> %elt.min.i.i191, zeroinitializer
  %sext.i103 = sext <16 x i1> %cmp.i102 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i103)
  %add.ptr5.i60 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i60, align 32
  %xor.i185 = xor <16 x i8> %11, %splat.splat.i259
  %elt.min.i.i186 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %11, <16 x i8> %xor.i185)
  %cmp.i100 = icmp eq <16 x i8> %elt.min.i.i186, zeroinitializer
  %sext.i101 = sext <16 x i1> %cmp.i100 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i101)
  %add.ptr8.i63 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i63, align 16
  %xor.i180 = xor <16 x i8> %13, %splat.splat.i259
  %elt.min.i.i181 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %13, <16 x i8> %xor.i180)
  %cmp.i99 = icmp eq <16 x i8> %elt.min.i.i181, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i99 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %shl.i66 = shl i32 %10, 16
  %or.i67 = or i32 %shl.i66, %8
  %conv.i68 = zext i32 %or.i67 to i64
  %shl11.i69 = shl i32 %14, 16
  %or12.i70 = or i32 %shl11.i69, %12
  %conv13.i71 = zext i32 %or12.i70 to i64
  %shl14.i72 = shl nuw i64 %conv13.i71, 32
  %or15.i73 = or disjoint i64 %shl14.i72, %conv.i68
  %and13.i = and i64 %text, 63
  %shr.i = lshr i64 %or15.i73, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i135 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw nsw i32 %cast.i135, %conv
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i
  %add20.i = add nuw nsw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %for.body.i.preheader

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %xor.i255 = xor <16 x i8> %18, %splat.splat.i259
  %elt.min.i.i256 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %18, <16 x i8> %xor.i255)
  %cmp.i128 = icmp eq <16 x i8> %elt.min.i.i256, zeroinitializer
  %sext.i129 = sext <16 x i1> %cmp.i128 to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i129)
  %add.ptr.i13 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i13, align 16
  %xor.i250 = xor <16 x i8> %20, %splat.splat.i259
  %elt.min.i.i251 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %20, <16 x i8> %xor.i250)
  %cmp.i126 = icmp eq <16 x i8> %elt.min.i.i251, zeroinitializer
  %sext.i127 = sext <16 x i1> %cmp.i126 to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i127)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %xor.i245 = xor <16 x i8> %22, %splat.splat.i259
  %elt.min.i.i246 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %22, <16 x i8> %xor.i245)
  %cmp.i124 = icmp eq <16 x i8> %elt.min.i.i246, zeroinitializer
  %sext.i125 = sext <16 x i1> %cmp.i124 to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i125)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %xor.i240 = xor <16 x i8> %24, %splat.splat.i259
  %elt.min.i.i241 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %24, <16 x i8> %xor.i240)
  %cmp.i122 = icmp eq <16 x i8> %elt.min.i.i241, zeroinitializer
  %sext.i123 = sext <16 x i1> %cmp.i122 to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i123)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i16 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i16
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end32.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i132 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i132
  br label %scan.exit

if.end32.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw nsw i32 %and.i, 128
  %cmp33.i266 = icmp samesign ult i32 %and.i, 2147352512
  br i1 %cmp33.i266, label %for.body.i.preheader, label %scan.exit

for.body.i.preheader:                             ; preds = %if.end19.i, %if.end32.i
  %line.1.i267.ph = phi i32 [ %add20.i, %if.end19.i ], [ %add31.i, %if.end32.i ]
  br label %for.body.i

for.body.i:                                       ; preds = %for.body.i.preheader, %for.inc.i
  %line.1.i267 = phi i32 [ %add58.i, %for.inc.i ], [ %line.1.i267.ph, %for.body.i.preheader ]
  %27 = inttoptr i32 %line.1.i267 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %xor.i155 = xor <16 x i8> %28, %splat.splat.i259
  %elt.min.i.i156 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %28, <16 x i8> %xor.i155)
  %add.ptr.i84 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i84, align 1
  %xor.i150 = xor <16 x i8> %29, %splat.splat.i259
  %elt.min.i.i151 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %29, <16 x i8> %xor.i150)
  %add.ptr2.i86 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i86, align 1
  %xor.i145 = xor <16 x i8> %30, %splat.splat.i259
  %elt.min.i.i146 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %30, <16 x i8> %xor.i145)
  %add.ptr4.i88 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i88, align 1
  %xor.i = xor <16 x i8> %31, %splat.splat.i259
  %elt.min.i.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %31, <16 x i8> %xor.i)
  %elt.min.i137 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i156, <16 x i8> %elt.min.i.i151)
  %elt.min.i136 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i146, <16 x i8> %elt.min.i.i)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i137, <16 x i8> %elt.min.i136)
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i, align 1
  %xor.i175 = xor <16 x i8> %32, %splat.splat.i259
  %elt.min.i.i176 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %32, <16 x i8> %xor.i175)
  %add.ptr.i76 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i76, align 1
  %xor.i170 = xor <16 x i8> %33, %splat.splat.i259
  %elt.min.i.i171 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %33, <16 x i8> %xor.i170)
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %xor.i165 = xor <16 x i8> %34, %splat.splat.i259
  %elt.min.i.i166 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %34, <16 x i8> %xor.i165)
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %xor.i160 = xor <16 x i8> %35, %splat.splat.i259
  %elt.min.i.i161 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %35, <16 x i8> %xor.i160)
  %elt.min.i140 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i176, <16 x i8> %elt.min.i.i171)
  %elt.min.i139 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i.i166, <16 x i8> %elt.min.i.i161)
  %elt.min.i138 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i140, <16 x i8> %elt.min.i139)
  %elt.min.i141 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i, <16 x i8> %elt.min.i138)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i141)
  %tobool.not.i74.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i74.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i112 = icmp eq <16 x i8> %elt.min.i.i156, zeroinitializer
  %sext.i113 = sext <16 x i1> %cmp.i112 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i113)
  %cmp.i110 = icmp eq <16 x i8> %elt.min.i.i151, zeroinitializer
  %sext.i111 = sext <16 x i1> %cmp.i110 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i111)
  %cmp.i108 = icmp eq <16 x i8> %elt.min.i.i146, zeroinitializer
  %sext.i109 = sext <16 x i1> %cmp.i108 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i109)
  %cmp.i106 = icmp eq <16 x i8> %elt.min.i.i, zeroinitializer
  %sext.i107 = sext <16 x i1> %cmp.i106 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i107)
  %shl.i47 = shl i32 %38, 16
  %or.i48 = or i32 %shl.i47, %37
  %conv.i49 = zext i32 %or.i48 to i64
  %shl11.i50 = shl i32 %40, 16
  %or12.i51 = or i32 %shl11.i50, %39
  %conv13.i52 = zext i32 %or12.i51 to i64
  %shl14.i53 = shl nuw i64 %conv13.i52, 32
  %or15.i54 = or disjoint i64 %shl14.i53, %conv.i49
  %tobool44.not.i = icmp eq i64 %or15.i54, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i54, i1 true)
  %cast.i134 = trunc nuw nsw i64 %41 to i32
  %add47.i = add nuw nsw i32 %line.1.i267, %cast.i134
  %cond.i95 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 2147352640)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add nuw nsw i32 %line.1.i267, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %xor.i235 = xor <16 x i8> %43, %splat.splat.i259
  %elt.min.i.i236 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %43, <16 x i8> %xor.i235)
  %cmp.i120 = icmp eq <16 x i8> %elt.min.i.i236, zeroinitializer
  %sext.i121 = sext <16 x i1> %cmp.i120 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i121)
  %add.ptr.i19 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i19, align 1
  %xor.i230 = xor <16 x i8> %45, %splat.splat.i259
  %elt.min.i.i231 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %45, <16 x i8> %xor.i230)
  %cmp.i118 = icmp eq <16 x i8> %elt.min.i.i231, zeroinitializer
  %sext.i119 = sext <16 x i1> %cmp.i118 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i119)
  %add.ptr5.i22 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i22, align 1
  %xor.i225 = xor <16 x i8> %47, %splat.splat.i259
  %elt.min.i.i226 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %47, <16 x i8> %xor.i225)
  %cmp.i116 = icmp eq <16 x i8> %elt.min.i.i226, zeroinitializer
  %sext.i117 = sext <16 x i1> %cmp.i116 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i117)
  %add.ptr8.i25 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i25, align 1
  %xor.i220 = xor <16 x i8> %49, %splat.splat.i259
  %elt.min.i.i221 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %49, <16 x i8> %xor.i220)
  %cmp.i114 = icmp eq <16 x i8> %elt.min.i.i221, zeroinitializer
  %sext.i115 = sext <16 x i1> %cmp.i114 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i115)
  %shl.i28 = shl i32 %46, 16
  %or.i29 = or i32 %shl.i28, %44
  %conv.i30 = zext i32 %or.i29 to i64
  %shl11.i31 = shl i32 %50, 16
  %or12.i32 = or i32 %shl11.i31, %48
  %conv13.i33 = zext i32 %or12.i32 to i64
  %shl14.i34 = shl nuw i64 %conv13.i33, 32
  %or15.i35 = or disjoint i64 %shl14.i34, %conv.i30
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i35, i1 false)
  %cast.i133 = trunc nuw nsw i64 %51 to i32
  %add54.i = add nuw nsw i32 %add50.i, %cast.i133
  %cond.i94 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 2147352640)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add nuw nsw i32 %line.1.i267, 128
  %cmp33.i = icmp ult i32 %line.1.i267, 2147352512
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %add.i, %cleanup.i ], [ %cond.i95, %if.then45.i ], [ %add17.i, %if.then15.i ], [ %add28.i, %if.then26.i ], [ %cond.i94, %if.end49.i ], [ 2147352640, %if.end32.i ], [ 2147352640, %for.inc.i ]
  %52 = inttoptr i32 %retval.5.i to ptr
  %53 = load i8, ptr %52, align 1
  %cmp = icmp eq i8 %53, %conv1
  %54 = zext nneg i32 %retval.5.i to i64
  %conv8 = select i1 %cmp, i64 %54, i64 0
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %conv8, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 2147352641) i64 @string_find_raw(i64 noundef %data, i64 noundef %value) nounwind null_pointer_is_valid {
entry:
  %0 = icmp ugt i64 %data, 2147352575
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw nsw i64 %data to i32
  %conv1 = trunc i64 %value to i8
  %and.i90 = and i32 %conv, 4095
  %cmp1.i5 = icmp samesign ult i32 %and.i90, 4081
  %1 = inttoptr i32 %conv to ptr
  %splat.splatinsert.i228 = insertelement <16 x i8> poison, i8 %conv1, i64 0
  %splat.splat.i229 = shufflevector <16 x i8> %splat.splatinsert.i228, <16 x i8> poison, <16 x i32> zeroinitializer
  br i1 %cmp1.i5, label %if.then2.i, label %if.else.i

if.then2.i:                                       ; preds = %if.end
  %2 = load <16 x i8>, ptr %1, align 1
  %cmp.i123 = icmp eq <16 x i8> %2, %splat.splat.i229
  %sext.i124 = sext <16 x i1> %cmp.i123 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i124)
  %tobool.not.i.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i.not, label %if.end10.i, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw nsw i32 %4, %conv
  br label %scan.exit

if.else.i:                                        ; preds = %if.end
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i

if.end10.i:                                       ; preds = %if.then2.i, %if.else.i
  %and.i = and i32 %conv, 2147483584
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %cmp.i97 = icmp eq <16 x i8> %7, %splat.splat.i229
  %sext.i98 = sext <16 x i1> %cmp.i97 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i98)
  %add.ptr.i50 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i50, align 16
  %cmp.i95 = icmp eq <16 x i8> %9, %splat.splat.i229
  %sext.i96 = sext <16 x i1> %cmp.i95 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i96)
  %add.ptr5.i53 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i53, align 32
  %cmp.i93 = icmp eq <16 x i8> %11, %splat.splat.i229
  %sext.i94 = sext <16 x i1> %cmp.i93 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i94)
  %add.ptr8.i56 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i56, align 16
  %cmp.i92 = icmp eq <16 x i8> %13, %splat.splat.i229
  %sext.i = sext <16 x i1> %cmp.i92 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %shl.i59 = shl i32 %10, 16
  %or.i60 = or i32 %shl.i59, %8
  %conv.i61 = zext i32 %or.i60 to i64
  %shl11.i62 = shl i32 %14, 16
  %or12.i63 = or i32 %shl11.i62, %12
  %conv13.i64 = zext i32 %or12.i63 to i64
  %shl14.i65 = shl nuw i64 %conv13.i64, 32
  %or15.i66 = or disjoint i64 %shl14.i65, %conv.i61
  %and13.i = and i64 %data, 63
  %shr.i = lshr i64 %or15.i66, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i128 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw nsw i32 %cast.i128, %conv
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i
  %add20.i = add nuw nsw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %for.body.i.preheader

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %cmp.i121 = icmp eq <16 x i8> %18, %splat.splat.i229
  %sext.i122 = sext <16 x i1> %cmp.i121 to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i122)
  %add.ptr.i6 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i6, align 16
  %cmp.i119 = icmp eq <16 x i8> %20, %splat.splat.i229
  %sext.i120 = sext <16 x i1> %cmp.i119 to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i120)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %cmp.i117 = icmp eq <16 x i8> %22, %splat.splat.i229
  %sext.i118 = sext <16 x i1> %cmp.i117 to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i118)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %cmp.i115 = icmp eq <16 x i8> %24, %splat.splat.i229
  %sext.i116 = sext <16 x i1> %cmp.i115 to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i116)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i9 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i9
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end32.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i125 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i125
  br label %scan.exit

if.end32.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw nsw i32 %and.i, 128
  %cmp33.i238 = icmp samesign ult i32 %and.i, 2147352512
  br i1 %cmp33.i238, label %for.body.i.preheader, label %scan.exit

for.body.i.preheader:                             ; preds = %if.end19.i, %if.end32.i
  %line.1.i239.ph = phi i32 [ %add20.i, %if.end19.i ], [ %add31.i, %if.end32.i ]
  br label %for.body.i

for.body.i:                                       ; preds = %for.body.i.preheader, %for.inc.i
  %line.1.i239 = phi i32 [ %add58.i, %for.inc.i ], [ %line.1.i239.ph, %for.body.i.preheader ]
  %27 = inttoptr i32 %line.1.i239 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %xor.i146 = xor <16 x i8> %28, %splat.splat.i229
  %add.ptr.i77 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i77, align 1
  %xor.i142 = xor <16 x i8> %29, %splat.splat.i229
  %add.ptr2.i79 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i79, align 1
  %xor.i138 = xor <16 x i8> %30, %splat.splat.i229
  %add.ptr4.i81 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i81, align 1
  %xor.i = xor <16 x i8> %31, %splat.splat.i229
  %elt.min.i130 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i146, <16 x i8> %xor.i142)
  %elt.min.i129 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i138, <16 x i8> %xor.i)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i130, <16 x i8> %elt.min.i129)
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i, align 1
  %xor.i162 = xor <16 x i8> %32, %splat.splat.i229
  %add.ptr.i69 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i69, align 1
  %xor.i158 = xor <16 x i8> %33, %splat.splat.i229
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %xor.i154 = xor <16 x i8> %34, %splat.splat.i229
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %xor.i150 = xor <16 x i8> %35, %splat.splat.i229
  %elt.min.i133 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i162, <16 x i8> %xor.i158)
  %elt.min.i132 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %xor.i154, <16 x i8> %xor.i150)
  %elt.min.i131 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i133, <16 x i8> %elt.min.i132)
  %elt.min.i134 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i, <16 x i8> %elt.min.i131)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i134)
  %tobool.not.i67.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i67.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i105 = icmp eq <16 x i8> %28, %splat.splat.i229
  %sext.i106 = sext <16 x i1> %cmp.i105 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i106)
  %cmp.i103 = icmp eq <16 x i8> %29, %splat.splat.i229
  %sext.i104 = sext <16 x i1> %cmp.i103 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i104)
  %cmp.i101 = icmp eq <16 x i8> %30, %splat.splat.i229
  %sext.i102 = sext <16 x i1> %cmp.i101 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i102)
  %cmp.i99 = icmp eq <16 x i8> %31, %splat.splat.i229
  %sext.i100 = sext <16 x i1> %cmp.i99 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i100)
  %shl.i40 = shl i32 %38, 16
  %or.i41 = or i32 %shl.i40, %37
  %conv.i42 = zext i32 %or.i41 to i64
  %shl11.i43 = shl i32 %40, 16
  %or12.i44 = or i32 %shl11.i43, %39
  %conv13.i45 = zext i32 %or12.i44 to i64
  %shl14.i46 = shl nuw i64 %conv13.i45, 32
  %or15.i47 = or disjoint i64 %shl14.i46, %conv.i42
  %tobool44.not.i = icmp eq i64 %or15.i47, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i47, i1 true)
  %cast.i127 = trunc nuw nsw i64 %41 to i32
  %add47.i = add nuw nsw i32 %line.1.i239, %cast.i127
  %cond.i88 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 2147352640)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add nuw nsw i32 %line.1.i239, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %cmp.i113 = icmp eq <16 x i8> %43, %splat.splat.i229
  %sext.i114 = sext <16 x i1> %cmp.i113 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i114)
  %add.ptr.i12 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i12, align 1
  %cmp.i111 = icmp eq <16 x i8> %45, %splat.splat.i229
  %sext.i112 = sext <16 x i1> %cmp.i111 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i112)
  %add.ptr5.i15 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i15, align 1
  %cmp.i109 = icmp eq <16 x i8> %47, %splat.splat.i229
  %sext.i110 = sext <16 x i1> %cmp.i109 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i110)
  %add.ptr8.i18 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i18, align 1
  %cmp.i107 = icmp eq <16 x i8> %49, %splat.splat.i229
  %sext.i108 = sext <16 x i1> %cmp.i107 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i108)
  %shl.i21 = shl i32 %46, 16
  %or.i22 = or i32 %shl.i21, %44
  %conv.i23 = zext i32 %or.i22 to i64
  %shl11.i24 = shl i32 %50, 16
  %or12.i25 = or i32 %shl11.i24, %48
  %conv13.i26 = zext i32 %or12.i25 to i64
  %shl14.i27 = shl nuw i64 %conv13.i26, 32
  %or15.i28 = or disjoint i64 %shl14.i27, %conv.i23
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i28, i1 false)
  %cast.i126 = trunc nuw nsw i64 %51 to i32
  %add54.i = add nuw nsw i32 %add50.i, %cast.i126
  %cond.i87 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 2147352640)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add nuw nsw i32 %line.1.i239, 128
  %cmp33.i = icmp ult i32 %line.1.i239, 2147352512
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %add.i, %cleanup.i ], [ %cond.i88, %if.then45.i ], [ %add17.i, %if.then15.i ], [ %add28.i, %if.then26.i ], [ %cond.i87, %if.end49.i ], [ 2147352640, %if.end32.i ], [ 2147352640, %for.inc.i ]
  %conv3 = zext nneg i32 %retval.5.i to i64
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %conv3, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define range(i64 -1, 6442319872) i64 @string_copy_end(i64 noundef %to, i64 noundef %from) nounwind null_pointer_is_valid {
entry:
  %sub.i36 = sub i64 2147352576, %from
  %0 = icmp ugt i64 %from, 2147352575
  br i1 %0, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw nsw i64 %from to i32
  %and.i133 = and i32 %conv, 4095
  %cmp1.i40 = icmp samesign ult i32 %and.i133, 4081
  %1 = inttoptr i32 %conv to ptr
  br i1 %cmp1.i40, label %if.then2.i, label %if.else.i41

if.then2.i:                                       ; preds = %if.end
  %2 = load <16 x i8>, ptr %1, align 1
  %cmp.i166 = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i167 = sext <16 x i1> %cmp.i166 to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i167)
  %tobool.not.i46.not = icmp eq i32 %3, 0
  br i1 %tobool.not.i46.not, label %if.end10.i42, label %cleanup.i

cleanup.i:                                        ; preds = %if.then2.i
  %4 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %3, i1 true)
  %add.i = add nuw nsw i32 %4, %conv
  br label %scan.exit

if.else.i41:                                      ; preds = %if.end
  %5 = load volatile i8, ptr %1, align 1
  br label %if.end10.i42

if.end10.i42:                                     ; preds = %if.then2.i, %if.else.i41
  %and.i = and i32 %conv, 2147483584
  %6 = inttoptr i32 %and.i to ptr
  %7 = load <16 x i8>, ptr %6, align 64
  %cmp.i140 = icmp eq <16 x i8> %7, zeroinitializer
  %sext.i141 = sext <16 x i1> %cmp.i140 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i141)
  %add.ptr.i93 = getelementptr inbounds nuw i8, ptr %6, i32 16
  %9 = load <16 x i8>, ptr %add.ptr.i93, align 16
  %cmp.i138 = icmp eq <16 x i8> %9, zeroinitializer
  %sext.i139 = sext <16 x i1> %cmp.i138 to <16 x i8>
  %10 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i139)
  %add.ptr5.i96 = getelementptr inbounds nuw i8, ptr %6, i32 32
  %11 = load <16 x i8>, ptr %add.ptr5.i96, align 32
  %cmp.i136 = icmp eq <16 x i8> %11, zeroinitializer
  %sext.i137 = sext <16 x i1> %cmp.i136 to <16 x i8>
  %12 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i137)
  %add.ptr8.i99 = getelementptr inbounds nuw i8, ptr %6, i32 48
  %13 = load <16 x i8>, ptr %add.ptr8.i99, align 16
  %cmp.i135 = icmp eq <16 x i8> %13, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i135 to <16 x i8>
  %14 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i)
  %shl.i102 = shl i32 %10, 16
  %or.i103 = or i32 %shl.i102, %8
  %conv.i104 = zext i32 %or.i103 to i64
  %shl11.i105 = shl i32 %14, 16
  %or12.i106 = or i32 %shl11.i105, %12
  %conv13.i107 = zext i32 %or12.i106 to i64
  %shl14.i108 = shl nuw i64 %conv13.i107, 32
  %or15.i109 = or disjoint i64 %shl14.i108, %conv.i104
  %and13.i = and i64 %from, 63
  %shr.i = lshr i64 %or15.i109, %and13.i
  %tobool14.not.i = icmp eq i64 %shr.i, 0
  br i1 %tobool14.not.i, label %if.end19.i, label %if.then15.i

if.then15.i:                                      ; preds = %if.end10.i42
  %15 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %shr.i, i1 true)
  %cast.i171 = trunc nuw nsw i64 %15 to i32
  %add17.i = add nuw nsw i32 %cast.i171, %conv
  br label %scan.exit

if.end19.i:                                       ; preds = %if.end10.i42
  %add20.i = add nuw nsw i32 %and.i, 64
  %16 = and i32 %conv, 64
  %tobool22.not.not.i = icmp eq i32 %16, 0
  br i1 %tobool22.not.not.i, label %if.then23.i, label %for.body.i.preheader

if.then23.i:                                      ; preds = %if.end19.i
  %17 = inttoptr i32 %add20.i to ptr
  %18 = load <16 x i8>, ptr %17, align 64
  %cmp.i164 = icmp eq <16 x i8> %18, zeroinitializer
  %sext.i165 = sext <16 x i1> %cmp.i164 to <16 x i8>
  %19 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i165)
  %add.ptr.i49 = getelementptr inbounds nuw i8, ptr %17, i32 16
  %20 = load <16 x i8>, ptr %add.ptr.i49, align 16
  %cmp.i162 = icmp eq <16 x i8> %20, zeroinitializer
  %sext.i163 = sext <16 x i1> %cmp.i162 to <16 x i8>
  %21 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i163)
  %add.ptr5.i = getelementptr inbounds nuw i8, ptr %17, i32 32
  %22 = load <16 x i8>, ptr %add.ptr5.i, align 32
  %cmp.i160 = icmp eq <16 x i8> %22, zeroinitializer
  %sext.i161 = sext <16 x i1> %cmp.i160 to <16 x i8>
  %23 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i161)
  %add.ptr8.i = getelementptr inbounds nuw i8, ptr %17, i32 48
  %24 = load <16 x i8>, ptr %add.ptr8.i, align 16
  %cmp.i158 = icmp eq <16 x i8> %24, zeroinitializer
  %sext.i159 = sext <16 x i1> %cmp.i158 to <16 x i8>
  %25 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i159)
  %shl.i = shl i32 %21, 16
  %or.i = or i32 %shl.i, %19
  %conv.i52 = zext i32 %or.i to i64
  %shl11.i = shl i32 %25, 16
  %or12.i = or i32 %shl11.i, %23
  %conv13.i = zext i32 %or12.i to i64
  %shl14.i = shl nuw i64 %conv13.i, 32
  %or15.i = or disjoint i64 %shl14.i, %conv.i52
  %tobool25.not.i = icmp eq i64 %or15.i, 0
  br i1 %tobool25.not.i, label %if.end32.i, label %if.then26.i

if.then26.i:                                      ; preds = %if.then23.i
  %26 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i, i1 true)
  %cast.i168 = trunc nuw nsw i64 %26 to i32
  %add28.i = or disjoint i32 %add20.i, %cast.i168
  br label %scan.exit

if.end32.i:                                       ; preds = %if.then23.i
  %add31.i = add nuw nsw i32 %and.i, 128
  %cmp33.i209 = icmp samesign ult i32 %and.i, 2147352512
  br i1 %cmp33.i209, label %for.body.i.preheader, label %scan.exit

for.body.i.preheader:                             ; preds = %if.end19.i, %if.end32.i
  %line.1.i210.ph = phi i32 [ %add20.i, %if.end19.i ], [ %add31.i, %if.end32.i ]
  br label %for.body.i

for.body.i:                                       ; preds = %for.body.i.preheader, %for.inc.i
  %line.1.i210 = phi i32 [ %add58.i, %for.inc.i ], [ %line.1.i210.ph, %for.body.i.preheader ]
  %27 = inttoptr i32 %line.1.i210 to ptr
  %28 = load <16 x i8>, ptr %27, align 1
  %add.ptr.i120 = getelementptr inbounds nuw i8, ptr %27, i32 16
  %29 = load <16 x i8>, ptr %add.ptr.i120, align 1
  %add.ptr2.i122 = getelementptr inbounds nuw i8, ptr %27, i32 32
  %30 = load <16 x i8>, ptr %add.ptr2.i122, align 1
  %add.ptr4.i124 = getelementptr inbounds nuw i8, ptr %27, i32 48
  %31 = load <16 x i8>, ptr %add.ptr4.i124, align 1
  %elt.min.i173 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %28, <16 x i8> %29)
  %elt.min.i172 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %30, <16 x i8> %31)
  %elt.min.i = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i173, <16 x i8> %elt.min.i172)
  %add.ptr.i44 = getelementptr inbounds nuw i8, ptr %27, i32 64
  %32 = load <16 x i8>, ptr %add.ptr.i44, align 1
  %add.ptr.i112 = getelementptr inbounds nuw i8, ptr %27, i32 80
  %33 = load <16 x i8>, ptr %add.ptr.i112, align 1
  %add.ptr2.i = getelementptr inbounds nuw i8, ptr %27, i32 96
  %34 = load <16 x i8>, ptr %add.ptr2.i, align 1
  %add.ptr4.i = getelementptr inbounds nuw i8, ptr %27, i32 112
  %35 = load <16 x i8>, ptr %add.ptr4.i, align 1
  %elt.min.i176 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %32, <16 x i8> %33)
  %elt.min.i175 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %34, <16 x i8> %35)
  %elt.min.i174 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i176, <16 x i8> %elt.min.i175)
  %elt.min.i177 = tail call <16 x i8> @llvm.umin.v16i8(<16 x i8> %elt.min.i, <16 x i8> %elt.min.i174)
  %36 = tail call i32 @llvm.wasm.alltrue.v16i8(<16 x i8> %elt.min.i177)
  %tobool.not.i110.not = icmp eq i32 %36, 0
  br i1 %tobool.not.i110.not, label %if.end42.i, label %for.inc.i

if.end42.i:                                       ; preds = %for.body.i
  %cmp.i148 = icmp eq <16 x i8> %28, zeroinitializer
  %sext.i149 = sext <16 x i1> %cmp.i148 to <16 x i8>
  %37 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i149)
  %cmp.i146 = icmp eq <16 x i8> %29, zeroinitializer
  %sext.i147 = sext <16 x i1> %cmp.i146 to <16 x i8>
  %38 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i147)
  %cmp.i144 = icmp eq <16 x i8> %30, zeroinitializer
  %sext.i145 = sext <16 x i1> %cmp.i144 to <16 x i8>
  %39 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i145)
  %cmp.i142 = icmp eq <16 x i8> %31, zeroinitializer
  %sext.i143 = sext <16 x i1> %cmp.i142 to <16 x i8>
  %40 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i143)
  %shl.i83 = shl i32 %38, 16
  %or.i84 = or i32 %shl.i83, %37
  %conv.i85 = zext i32 %or.i84 to i64
  %shl11.i86 = shl i32 %40, 16
  %or12.i87 = or i32 %shl11.i86, %39
  %conv13.i88 = zext i32 %or12.i87 to i64
  %shl14.i89 = shl nuw i64 %conv13.i88, 32
  %or15.i90 = or disjoint i64 %shl14.i89, %conv.i85
  %tobool44.not.i = icmp eq i64 %or15.i90, 0
  br i1 %tobool44.not.i, label %if.end49.i, label %if.then45.i

if.then45.i:                                      ; preds = %if.end42.i
  %41 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i90, i1 true)
  %cast.i170 = trunc nuw nsw i64 %41 to i32
  %add47.i = add nuw nsw i32 %line.1.i210, %cast.i170
  %cond.i131 = tail call i32 @llvm.umin.i32(i32 %add47.i, i32 2147352640)
  br label %scan.exit

if.end49.i:                                       ; preds = %if.end42.i
  %add50.i = add nuw nsw i32 %line.1.i210, 64
  %42 = inttoptr i32 %add50.i to ptr
  %43 = load <16 x i8>, ptr %42, align 1
  %cmp.i156 = icmp eq <16 x i8> %43, zeroinitializer
  %sext.i157 = sext <16 x i1> %cmp.i156 to <16 x i8>
  %44 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i157)
  %add.ptr.i55 = getelementptr inbounds nuw i8, ptr %42, i32 16
  %45 = load <16 x i8>, ptr %add.ptr.i55, align 1
  %cmp.i154 = icmp eq <16 x i8> %45, zeroinitializer
  %sext.i155 = sext <16 x i1> %cmp.i154 to <16 x i8>
  %46 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i155)
  %add.ptr5.i58 = getelementptr inbounds nuw i8, ptr %42, i32 32
  %47 = load <16 x i8>, ptr %add.ptr5.i58, align 1
  %cmp.i152 = icmp eq <16 x i8> %47, zeroinitializer
  %sext.i153 = sext <16 x i1> %cmp.i152 to <16 x i8>
  %48 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i153)
  %add.ptr8.i61 = getelementptr inbounds nuw i8, ptr %42, i32 48
  %49 = load <16 x i8>, ptr %add.ptr8.i61, align 1
  %cmp.i150 = icmp eq <16 x i8> %49, zeroinitializer
  %sext.i151 = sext <16 x i1> %cmp.i150 to <16 x i8>
  %50 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> %sext.i151)
  %shl.i64 = shl i32 %46, 16
  %or.i65 = or i32 %shl.i64, %44
  %conv.i66 = zext i32 %or.i65 to i64
  %shl11.i67 = shl i32 %50, 16
  %or12.i68 = or i32 %shl11.i67, %48
  %conv13.i69 = zext i32 %or12.i68 to i64
  %shl14.i70 = shl nuw i64 %conv13.i69, 32
  %or15.i71 = or disjoint i64 %shl14.i70, %conv.i66
  %51 = tail call range(i64 0, 65) i64 @llvm.cttz.i64(i64 %or15.i71, i1 false)
  %cast.i169 = trunc nuw nsw i64 %51 to i32
  %add54.i = add nuw nsw i32 %add50.i, %cast.i169
  %cond.i130 = tail call i32 @llvm.umin.i32(i32 %add54.i, i32 2147352640)
  br label %scan.exit

for.inc.i:                                        ; preds = %for.body.i
  %add58.i = add nuw nsw i32 %line.1.i210, 128
  %cmp33.i = icmp ult i32 %line.1.i210, 2147352512
  br i1 %cmp33.i, label %for.body.i, label %scan.exit

scan.exit:                                        ; preds = %for.inc.i, %if.end32.i, %if.then45.i, %if.end49.i, %cleanup.i, %if.then15.i, %if.then26.i
  %retval.5.i = phi i32 [ %add.i, %cleanup.i ], [ %cond.i131, %if.then45.i ], [ %add17.i, %if.then15.i ], [ %add28.i, %if.then26.i ], [ %cond.i130, %if.end49.i ], [ 2147352640, %if.end32.i ], [ 2147352640, %for.inc.i ]
  %sub = sub nsw i32 %retval.5.i, %conv
  %conv3 = zext i32 %sub to i64
  %add = add nuw nsw i64 %conv3, 1
  %cmp.i31 = icmp ult i64 %to, 2147352577
  %sub.i32 = sub i64 2147352576, %to
  %cmp1.i33 = icmp ugt i64 %sub.i32, %conv3
  %52 = and i1 %cmp.i31, %cmp1.i33
  br i1 %52, label %if.end7, label %return

if.end7:                                          ; preds = %scan.exit
  %cmp.i = icmp ugt i32 %sub, 63
  br i1 %cmp.i, label %land.lhs.true.i, label %if.end10.i

land.lhs.true.i:                                  ; preds = %if.end7
  %cmp1.i = icmp ugt i64 %sub.i36, %conv3
  br i1 %cmp1.i, label %cond.true.i, label %move.exit

cond.true.i:                                      ; preds = %land.lhs.true.i
  %conv3.i = trunc i64 %add to i32
  %call4.i = tail call fastcc i64 @move_many(i64 noundef %to, i32 noundef %conv, i32 noundef %conv3.i)
  br label %move.exit

if.end10.i:                                       ; preds = %if.end7
  %conv11.i = trunc nuw nsw i64 %add to i32
  %conv12.i = trunc nuw nsw i64 %to to i32
  %53 = inttoptr i32 %conv12.i to ptr
  %54 = inttoptr i32 %conv to ptr
  %cmp16.i = icmp samesign ugt i32 %sub, 31
  br i1 %cmp16.i, label %if.then18.i, label %if.else.i

if.then18.i:                                      ; preds = %if.end10.i
  %55 = load <16 x i8>, ptr %54, align 1
  %add.ptr.i = getelementptr inbounds nuw i8, ptr %54, i32 16
  %56 = load <16 x i8>, ptr %add.ptr.i, align 1
  %add.ptr21.i = getelementptr inbounds nuw i8, ptr %54, i32 %conv11.i
  %add.ptr22.i = getelementptr inbounds i8, ptr %add.ptr21.i, i32 -32
  %57 = load <16 x i8>, ptr %add.ptr22.i, align 1
  %add.ptr25.i = getelementptr inbounds i8, ptr %add.ptr21.i, i32 -16
  %58 = load <16 x i8>, ptr %add.ptr25.i, align 1
  store <16 x i8> %55, ptr %53, align 1
  %add.ptr27.i = getelementptr inbounds nuw i8, ptr %53, i32 16
  store <16 x i8> %56, ptr %add.ptr27.i, align 1
  %add.ptr28.i = getelementptr inbounds nuw i8, ptr %53, i32 %conv11.i
  %add.ptr29.i = getelementptr inbounds i8, ptr %add.ptr28.i, i32 -32
  store <16 x i8> %57, ptr %add.ptr29.i, align 1
  %add.ptr31.i = getelementptr inbounds i8, ptr %add.ptr28.i, i32 -16
  store <16 x i8> %58, ptr %add.ptr31.i, align 1
  br label %move.exit

if.else.i:                                        ; preds = %if.end10.i
  %cmp32.i = icmp samesign ugt i32 %sub, 14
  br i1 %cmp32.i, label %if.then34.i, label %if.else43.i

if.then34.i:                                      ; preds = %if.else.i
  %59 = load <16 x i8>, ptr %54, align 1
  %add.ptr38.i = getelementptr inbounds nuw i8, ptr %54, i32 %conv11.i
  %add.ptr39.i = getelementptr inbounds i8, ptr %add.ptr38.i, i32 -16
  %60 = load <16 x i8>, ptr %add.ptr39.i, align 1
  store <16 x i8> %59, ptr %53, align 1
  %add.ptr41.i = getelementptr inbounds nuw i8, ptr %53, i32 %conv11.i
  %add.ptr42.i = getelementptr inbounds i8, ptr %add.ptr41.i, i32 -16
  store <16 x i8> %60, ptr %add.ptr42.i, align 1
  br label %move.exit

if.else43.i:                                      ; preds = %if.else.i
  %cmp44.i = icmp samesign ugt i32 %sub, 6
  br i1 %cmp44.i, label %if.then46.i, label %if.else53.i

if.then46.i:                                      ; preds = %if.else43.i
  %61 = load i64, ptr %54, align 1
  %add.ptr49.i = getelementptr inbounds nuw i8, ptr %54, i32 %conv11.i
  %add.ptr50.i = getelementptr inbounds i8, ptr %add.ptr49.i, i32 -8
  %62 = load i64, ptr %add.ptr50.i, align 1
  store i64 %61, ptr %53, align 1
  %add.ptr51.i = getelementptr inbounds nuw i8, ptr %53, i32 %conv11.i
  %add.ptr52.i = getelementptr inbounds i8, ptr %add.ptr51.i, i32 -8
  store i64 %62, ptr %add.ptr52.i, align 1
  br label %move.exit

if.else53.i:                                      ; preds = %if.else43.i
  %cmp54.i = icmp samesign ugt i32 %sub, 2
  br i1 %cmp54.i, label %if.then56.i, label %if.else63.i

if.then56.i:                                      ; preds = %if.else53.i
  %63 = load i32, ptr %54, align 1
  %add.ptr59.i = getelementptr inbounds nuw i8, ptr %54, i32 %conv11.i
  %add.ptr60.i = getelementptr inbounds i8, ptr %add.ptr59.i, i32 -4
  %64 = load i32, ptr %add.ptr60.i, align 1
  store i32 %63, ptr %53, align 1
  %add.ptr61.i = getelementptr inbounds nuw i8, ptr %53, i32 %conv11.i
  %add.ptr62.i = getelementptr inbounds i8, ptr %add.ptr61.i, i32 -4
  store i32 %64, ptr %add.ptr62.i, align 1
  br label %move.exit

if.else63.i:                                      ; preds = %if.else53.i
  %65 = load i8, ptr %54, align 1
  %div132.i = lshr i32 %conv11.i, 1
  %arrayidx.i = getelementptr inbounds nuw i8, ptr %54, i32 %div132.i
  %66 = load i8, ptr %arrayidx.i, align 1
  %sub.i = add nsw i32 %conv11.i, -1
  %arrayidx69.i = getelementptr inbounds nuw i8, ptr %54, i32 %sub.i
  %67 = load i8, ptr %arrayidx69.i, align 1
  store i8 %65, ptr %53, align 1
  %arrayidx71.i = getelementptr inbounds nuw i8, ptr %53, i32 %div132.i
  store i8 %66, ptr %arrayidx71.i, align 1
  %arrayidx73.i = getelementptr inbounds nuw i8, ptr %53, i32 %sub.i
  store i8 %67, ptr %arrayidx73.i, align 1
  br label %move.exit

move.exit:                                        ; preds = %land.lhs.true.i, %cond.true.i, %if.then18.i, %if.then34.i, %if.then46.i, %if.then56.i, %if.else63.i
  %retval.0.i = phi i64 [ %to, %if.then46.i ], [ %to, %if.else63.i ], [ %to, %cond.true.i ], [ -1, %land.lhs.true.i ], [ %to, %if.then18.i ], [ %to, %if.then34.i ], [ %to, %if.then56.i ]
  %add10 = add nsw i64 %retval.0.i, %conv3
  br label %return

return:                                           ; preds = %move.exit, %scan.exit, %entry
  %retval.1 = phi i64 [ -1, %entry ], [ %add10, %move.exit ], [ -1, %scan.exit ]
  ret i64 %retval.1
}

define internal fastcc noundef i64 @move_many(i64 noundef returned %to, i32 noundef %from, i32 noundef %n) unnamed_addr noinline nounwind null_pointer_is_valid {
entry:
  %conv = trunc i64 %to to i32
  %0 = inttoptr i32 %conv to ptr
  %1 = inttoptr i32 %from to ptr
  %cmp = icmp ugt i32 %n, 511
  br i1 %cmp, label %if.then, label %if.end

if.then:                                          ; preds = %entry
  %2 = load volatile i8, ptr %1, align 1
  %or.i = or i32 %from, 4095
  %add.i = add i32 %or.i, 1
  %add1.i = add i32 %n, %from
  %cmp.i132 = icmp ult i32 %add.i, %add1.i
  br i1 %cmp.i132, label %for.body.i, label %touch_to_read.exit

for.body.i:                                       ; preds = %if.then, %for.body.i
  %page.0.i133 = phi i32 [ %add2.i, %for.body.i ], [ %add.i, %if.then ]
  %3 = inttoptr i32 %page.0.i133 to ptr
  %4 = load volatile i8, ptr %3, align 4096
  %add2.i = add i32 %page.0.i133, 4096
  %cmp.i = icmp ult i32 %add2.i, %add1.i
  br i1 %cmp.i, label %for.body.i, label %touch_to_read.exit

touch_to_read.exit:                               ; preds = %for.body.i, %if.then
  %5 = load volatile i8, ptr %0, align 1
  store volatile i8 %5, ptr %0, align 1
  %or.i124 = or i32 %conv, 4095
  %add.i125 = add i32 %or.i124, 1
  %add1.i128 = add i32 %n, %conv
  %cmp.i129134 = icmp ult i32 %add.i125, %add1.i128
  br i1 %cmp.i129134, label %for.body.i130, label %touch_to_write.exit

for.body.i130:                                    ; preds = %touch_to_read.exit, %for.body.i130
  %page.0.i127135 = phi i32 [ %add2.i131, %for.body.i130 ], [ %add.i125, %touch_to_read.exit ]
  %6 = inttoptr i32 %page.0.i127135 to ptr
  %7 = load volatile i8, ptr %6, align 4096
  store volatile i8 %7, ptr %6, align 4096
  %add2.i131 = add i32 %page.0.i127135, 4096
  %cmp.i129 = icmp ult i32 %add2.i131, %add1.i128
  br i1 %cmp.i129, label %for.body.i130, label %touch_to_write.exit

touch_to_write.exit:                              ; preds = %for.body.i130, %touch_to_read.exit
  tail call void @llvm.memmove.p0.p0.i32(ptr align 1 %0, ptr align 1 %1, i32 %n, i1 false)
  br label %cleanup

if.end:                                           ; preds = %entry
  %add.ptr = getelementptr inbounds nuw i8, ptr %0, i32 %n
  %add.ptr4 = getelementptr inbounds i8, ptr %add.ptr, i32 -64
  %add.ptr5 = getelementptr inbounds nuw i8, ptr %1, i32 %n
  %add.ptr6 = getelementptr inbounds i8, ptr %add.ptr5, i32 -64
  %sub = sub i32 %conv, %from
  %cmp8.not = icmp ult i32 %sub, %n
  br i1 %cmp8.not, label %if.else, label %if.then10

if.then10:                                        ; preds = %if.end
  %8 = load <16 x i8>, ptr %add.ptr6, align 1
  %add.ptr12 = getelementptr inbounds i8, ptr %add.ptr5, i32 -48
  %9 = load <16 x i8>, ptr %add.ptr12, align 1
  %add.ptr14 = getelementptr inbounds i8, ptr %add.ptr5, i32 -32
  %10 = load <16 x i8>, ptr %add.ptr14, align 1
  %add.ptr16 = getelementptr inbounds i8, ptr %add.ptr5, i32 -16
  %11 = load <16 x i8>, ptr %add.ptr16, align 1
  br label %do.body

do.body:                                          ; preds = %do.body, %if.then10
  %s.0 = phi ptr [ %1, %if.then10 ], [ %add.ptr29, %do.body ]
  %d.0 = phi ptr [ %0, %if.then10 ], [ %add.ptr28, %do.body ]
  %12 = load <16 x i8>, ptr %s.0, align 1
  %add.ptr19 = getelementptr inbounds nuw i8, ptr %s.0, i32 16
  %13 = load <16 x i8>, ptr %add.ptr19, align 1
  %add.ptr21 = getelementptr inbounds nuw i8, ptr %s.0, i32 32
  %14 = load <16 x i8>, ptr %add.ptr21, align 1
  %add.ptr23 = getelementptr inbounds nuw i8, ptr %s.0, i32 48
  %15 = load <16 x i8>, ptr %add.ptr23, align 1
  store <16 x i8> %12, ptr %d.0, align 1
  %add.ptr25 = getelementptr inbounds nuw i8, ptr %d.0, i32 16
  store <16 x i8> %13, ptr %add.ptr25, align 1
  %add.ptr26 = getelementptr inbounds nuw i8, ptr %d.0, i32 32
  store <16 x i8> %14, ptr %add.ptr26, align 1
  %add.ptr27 = getelementptr inbounds nuw i8, ptr %d.0, i32 48
  store <16 x i8> %15, ptr %add.ptr27, align 1
  %add.ptr28 = getelementptr inbounds nuw i8, ptr %d.0, i32 64
  %add.ptr29 = getelementptr inbounds nuw i8, ptr %s.0, i32 64
  %cmp30 = icmp ult ptr %add.ptr28, %add.ptr4
  br i1 %cmp30, label %do.body, label %do.end

do.end:                                           ; preds = %do.body
  store <16 x i8> %8, ptr %add.ptr4, align 1
  %add.ptr32 = getelementptr inbounds i8, ptr %add.ptr, i32 -48
  store <16 x i8> %9, ptr %add.ptr32, align 1
  %add.ptr33 = getelementptr inbounds i8, ptr %add.ptr, i32 -32
  store <16 x i8> %10, ptr %add.ptr33, align 1
  %add.ptr34 = getelementptr inbounds i8, ptr %add.ptr, i32 -16
  store <16 x i8> %11, ptr %add.ptr34, align 1
  br label %cleanup

if.else:                                          ; preds = %if.end
  %16 = load <16 x i8>, ptr %1, align 1
  %add.ptr38 = getelementptr inbounds nuw i8, ptr %1, i32 16
  %17 = load <16 x i8>, ptr %add.ptr38, align 1
  %add.ptr41 = getelementptr inbounds nuw i8, ptr %1, i32 32
  %18 = load <16 x i8>, ptr %add.ptr41, align 1
  %add.ptr44 = getelementptr inbounds nuw i8, ptr %1, i32 48
  %19 = load <16 x i8>, ptr %add.ptr44, align 1
  br label %do.body46

do.body46:                                        ; preds = %do.body46, %if.else
  %tail.0 = phi ptr [ %add.ptr6, %if.else ], [ %add.ptr62, %do.body46 ]
  %last.0 = phi ptr [ %add.ptr4, %if.else ], [ %add.ptr61, %do.body46 ]
  %20 = load <16 x i8>, ptr %tail.0, align 1
  %add.ptr50 = getelementptr inbounds nuw i8, ptr %tail.0, i32 16
  %21 = load <16 x i8>, ptr %add.ptr50, align 1
  %add.ptr53 = getelementptr inbounds nuw i8, ptr %tail.0, i32 32
  %22 = load <16 x i8>, ptr %add.ptr53, align 1
  %add.ptr56 = getelementptr inbounds nuw i8, ptr %tail.0, i32 48
  %23 = load <16 x i8>, ptr %add.ptr56, align 1
  store <16 x i8> %20, ptr %last.0, align 1
  %add.ptr58 = getelementptr inbounds nuw i8, ptr %last.0, i32 16
  store <16 x i8> %21, ptr %add.ptr58, align 1
  %add.ptr59 = getelementptr inbounds nuw i8, ptr %last.0, i32 32
  store <16 x i8> %22, ptr %add.ptr59, align 1
  %add.ptr60 = getelementptr inbounds nuw i8, ptr %last.0, i32 48
  store <16 x i8> %23, ptr %add.ptr60, align 1
  %add.ptr61 = getelementptr inbounds i8, ptr %last.0, i32 -64
  %add.ptr62 = getelementptr inbounds i8, ptr %tail.0, i32 -64
  %cmp64 = icmp ugt ptr %add.ptr61, %0
  br i1 %cmp64, label %do.body46, label %do.end66

do.end66:                                         ; preds = %do.body46
  store <16 x i8> %16, ptr %0, align 1
  %add.ptr67 = getelementptr inbounds nuw i8, ptr %0, i32 16
  store <16 x i8> %17, ptr %add.ptr67, align 1
  %add.ptr68 = getelementptr inbounds nuw i8, ptr %0, i32 32
  store <16 x i8> %18, ptr %add.ptr68, align 1
  %add.ptr69 = getelementptr inbounds nuw i8, ptr %0, i32 48
  store <16 x i8> %19, ptr %add.ptr69, align 1
  br label %cleanup

cleanup:                                          ; preds = %do.end, %do.end66, %touch_to_write.exit
  ret i64 %to
}

declare void @llvm.memmove.p0.p0.i32(ptr writeonly captures(none), ptr readonly captures(none), i32, i1 immarg)

declare void @llvm.memset.p0.i32(ptr writeonly captures(none), i8, i32, i1 immarg)

declare i32 @llvm.wasm.bitmask.v16i8(<16 x i8>)

declare <16 x i8> @llvm.umin.v16i8(<16 x i8>, <16 x i8>)

declare i64 @llvm.cttz.i64(i64, i1 immarg)

declare i32 @llvm.wasm.alltrue.v16i8(<16 x i8>)

declare i32 @llvm.umin.i32(i32, i32)

declare i64 @llvm.umin.i64(i64, i64)

declare i32 @llvm.cttz.i32(i32, i1 immarg)
